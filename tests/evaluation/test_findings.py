"""Frames that need a look: known faults in calm shots."""

import numpy as np
import pytest

from ml_backend.evaluation.figures import summarise
from ml_backend.evaluation.findings import find_looks, shot_remarks
from ml_backend.evaluation.rows import Row, add_changes

FACE = (10.0, 10.0, 50.0, 60.0)
CALM = {
    "identity_to_identity": 0.4,
    "identity_to_performer": 0.65,
    "plate_to_performer": 0.2,
    "pose_error_plate_deg": 1.0,
    "expression_error_plate": 2.0,
    "jitter": 1.0,
    "jitter_plate": 0.9,
    "coverage": 0.8,
    "sharpness": 60.0,
    "sharpness_plate": 80.0,
    "edge_visibility": 0.4,
}
FIRST = 51


def shot(count: int = 30) -> list[Row]:
    """A good swap with a little noise, frames 51 and on."""
    rng = np.random.default_rng(5)
    return [
        Row(
            FIRST + n, 1, FACE, FACE, {k: v * (1 + 0.03 * rng.normal()) for k, v in CALM.items()}, rng.normal(0, 0.1, 3)
        )
        for n in range(count)
    ]


def texts(rows: list[Row]) -> dict[str, tuple[str, ...]]:
    add_changes(rows)
    return {look.frames: look.reasons for look in find_looks(rows)}


def change(rows: list[Row], frame: int, **figures: float) -> None:
    rows[frame - FIRST].figures.update(figures)


def test_a_good_shot_lists_nothing() -> None:
    rows = shot()
    assert texts(rows) == {}
    assert shot_remarks(rows, summarise(rows)) == []


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        ({"coverage": 0.48}, "the mask shrank by 40 %"),
        ({"coverage": 1.2}, "the mask grew by 50 %"),
        ({"coverage": 0.0}, "the mask vanished"),
        (
            {"identity_to_identity": 0.7, "identity_to_performer": 0.3},
            "it looks more like the performer (0.30 away) th",
        ),
        ({"identity_to_identity": 0.55, "identity_to_performer": 0.6}, "it looks less like the identity (0.55 away"),
        ({"pose_error_plate_deg": 6.0}, "the head is turned 6.0° away from the plate's, usually 1.0°"),
        ({"expression_error_plate": 7.5}, "the expression is 7.5 % off the plate's, usually 2.0 %"),
        ({"jitter": 4.0, "jitter_plate": 1.0}, "the face jumps by 4.0 %, the plate's 1.0 %"),
        ({"sharpness": 30.0}, "of the plate's sharpness, usually"),
        ({"edge_visibility": 5.0}, "the mask's edge shows (ΔE 5.0 too much across it, usually 0.4)"),
    ],
)
def test_one_bad_frame_is_named_with_its_reason(figures: dict[str, float], words: str) -> None:
    rows = shot()
    for row in rows:
        row.figures["coverage"] = 0.8
    change(rows, 57, **figures)
    found = texts(rows)
    assert found.keys() == {"frame 57"}
    assert len(found["frame 57"]) == 1
    assert words in found["frame 57"][0]


def test_flicker_is_named_on_the_frame_that_flickers() -> None:
    rows = shot()
    rows[60 - FIRST].offset = np.array([-5.0, 0, 0])
    rows[70 - FIRST].offset = np.array([0, 6.0, 0])
    found = texts(rows)
    assert found.keys() == {"frame 60", "frame 70"}
    assert "L* darker than on the frames before and after" in found["frame 60"][0]
    assert found["frame 70"][0].startswith("its colour is ΔE")


def test_a_mask_that_stays_smaller_is_named_once_and_a_fade_never() -> None:
    rows = shot(40)
    for n, row in enumerate(rows):
        row.figures["coverage"] = 0.8 if n < 20 else 0.5
    assert texts(rows) == {"frame 71": ("the mask shrank by 38 %",)}
    for n, row in enumerate(rows):
        row.figures["coverage"] = 0.8 * min(1.0, n / 24)
    assert texts(rows) == {}


def test_frames_in_a_row_are_one_look() -> None:
    rows = shot()
    for frame, pose in ((60, 6.0), (61, 9.0), (62, 7.0)):
        change(rows, frame, pose_error_plate_deg=pose)
    add_changes(rows)
    (look,) = find_looks(rows)
    assert (look.first, look.last, look.worst, look.frames) == (60, 62, 61, "frames 60–62")
    assert look.reasons == ("the head is turned 9.0° away from the plate's, usually 1.0°",)
    assert look.kinds == ("pose_error_plate_deg",)


def test_the_worst_comes_first() -> None:
    rows = shot()
    change(rows, 60, pose_error_plate_deg=5.0)
    change(rows, 70, pose_error_plate_deg=15.0)
    add_changes(rows)
    assert [look.worst for look in find_looks(rows)] == [70, 60]


def test_a_face_that_only_the_plate_shows_comes_first_of_the_reasons() -> None:
    rows = shot()
    rows[57 - FIRST].swap_face = None
    rows[57 - FIRST].offset = np.array([50.0, 0, 0])
    assert texts(rows)["frame 57"][0] == "no face can be seen in the swap, but in the plate"
    rows[57 - FIRST].plate_face = None
    assert "no face" not in texts(rows)["frame 57"][0]


def test_an_unpainted_face_is_named_unless_it_is_a_stranger() -> None:
    rows = shot(4)
    rows[1].painted = 0
    assert texts(rows) == {"frame 52": ("nothing was painted, though the plate shows a face",)}
    rows[1].figures["plate_to_performer"] = 0.8
    assert texts(rows) == {}


def test_a_plate_that_measures_sharp_once_is_no_soft_swap() -> None:
    rows = shot()
    change(rows, 57, sharpness_plate=200.0)
    assert texts(rows) == {}


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        ({"identity_to_identity": 0.7}, "On 100 % of the frames"),
        ({"jitter": 3.0}, "trembles by 2.1 % more"),
        ({"sharpness": 20.0, "sharpness_plate": 80.0}, "has 25 % of the plate's sharpness"),
        ({"edge_visibility": 4.0}, "edge shows all along"),
    ],
)
def test_what_is_bad_all_along_is_said_of_the_shot(figures: dict[str, float], words: str) -> None:
    rows = shot()
    for row in rows:
        row.figures |= figures
    add_changes(rows)
    assert find_looks(rows) == []
    (remark,) = shot_remarks(rows, summarise(rows))
    assert words in remark


def test_flicker_all_along_is_said_of_the_shot() -> None:
    rows = shot()
    for n, row in enumerate(rows):
        row.offset = np.array([n % 2, 0.0, 0.0])
    add_changes(rows)
    assert shot_remarks(rows, summarise(rows)) == [
        "The swap's brightness flickers by 1.0 L* mostly: choose colour=light."
    ]
