"""Whose faces a request means, by every form that it can take."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_backend.errors import UsageError
from ml_backend.facesets.people import Person, Track, choose
from ml_backend.facesets.wanted import All, Largest, Numbers, Only, Picture, Point, parse_wanted


def one(
    number: int, frames: Sequence[int], box: Sequence[float] = (100, 50, 200, 150), source: str = "/footage/a.mp4"
) -> Person:
    embedding = np.zeros((1, 128), np.float32)
    embedding[0, number] = 0.5
    boxes = np.tile(np.array(box, np.float64), (len(frames), 1))
    track = Track(Path(source), number, np.asarray(frames, np.int64), embedding, boxes, 60.0)
    return Person((track,), embedding[0].astype(np.float64), len(frames))


TWO = [one(0, range(1, 201)), one(1, range(31, 55), (300, 60, 360, 140))]


def numbers(persons: Sequence[Person], wanted: str) -> list[int]:
    return [person.tracks[0].number for person in choose(persons, wanted)]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("only", Only()),
        (" Largest ", Largest()),
        ("ALL", All()),
        ("1", Numbers((1,))),
        ("3, 1,3", Numbers((1, 3))),
        ("anna.png", Picture(Path("anna.png"))),
        ("Anna.JPG", Picture(Path("Anna.JPG"))),
        ("/stills/anna", Picture(Path("/stills/anna"))),
        ("12:640,360", Point(12, 640, 360, None)),
        ("12: 640.5, -3", Point(12, 640.5, -3, None)),
        ("12:640,360@plate.mp4", Point(12, 640, 360, "plate.mp4")),
        ("12:640,360@/a folder/take 1@home.mp4", Point(12, 640, 360, "/a folder/take 1@home.mp4")),
        ("12:640,360@C:\\film\\plate.mp4", Point(12, 640, 360, "C:\\film\\plate.mp4")),
    ],
)
def test_the_forms(text, meant):
    assert parse_wanted(text) == meant


@pytest.mark.parametrize(
    "text", ["", "anna", "1;2", "1,,2", "1,", "-1", "1.5", "12:640", "12:640,360@", "12:a,b", "x:1,2", "1:1,2,3"]
)
def test_what_is_no_form_is_told_all_of_them(text):
    with pytest.raises(UsageError, match="names no person") as raised:
        parse_wanted(text)
    for form in ("only", "largest", "all", "1,3", "anna.png", "12:640,360", "@plate.mp4"):
        assert form in raised.value.fix


@pytest.mark.parametrize(("text", "word"), [("larges", "largest"), ("onyl", "only"), ("al", "all")])
def test_a_slip_of_the_finger(text, word):
    with pytest.raises(UsageError, match=f"Did you mean {word}"):
        parse_wanted(text)


@given(st.text(max_size=30))
def test_no_text_does_anything_else(text):
    with suppress(UsageError):
        parse_wanted(text)


@given(frame=st.integers(0, 10**9), x=st.integers(-99, 9999), y=st.integers(-99, 9999))
def test_points_are_read_as_they_are_written(frame, x, y):
    assert parse_wanted(f"{frame}:{x / 4},{y / 4}@a.mp4") == Point(frame, x / 4, y / 4, "a.mp4")


def test_the_only_one():
    assert numbers(TWO[:1], "only") == [0]
    with pytest.raises(UsageError) as raised:
        choose(TWO, "only", picture=Path("faces/people.png"))
    assert "1: 200 faces, first in frame 1 of a.mp4; 2: 24 faces, first in frame 31 of a.mp4" in raised.value.message
    assert "--person" in raised.value.fix
    assert "faces/people.png" in raised.value.fix


def test_specks_are_nobody_beside_a_main_person():
    assert numbers([TWO[0], one(1, range(4))], "only") == [0]  # 4 of 204
    with pytest.raises(UsageError):
        choose([TWO[0], one(1, range(5))], "only")  # 5 faces are somebody
    with pytest.raises(UsageError):
        choose([one(0, range(100)), one(1, range(4))], "only")  # 4 of 104 are 4 %
    assert numbers([one(0, range(3))], "only") == [0]
    with pytest.raises(UsageError):
        choose([one(0, range(3)), one(1, range(2))], "only")


def test_largest_all_and_numbers():
    assert numbers(TWO, "largest") == [0]
    assert numbers(TWO, "all") == [0, 1]
    assert numbers(TWO, "2") == [1]
    assert numbers(TWO, "2,1") == [0, 1]
    with pytest.raises(UsageError, match="no person 3: 1: 200 faces"):
        choose(TWO, "1,3")
    with pytest.raises(UsageError, match="no person 0"):
        choose(TWO, "0")


def test_nobody_is_there():
    for wanted in ("only", "largest", "all"):
        assert choose([], wanted) == []
    for wanted in ("1", "anna.png", "1:2,3"):
        with pytest.raises(UsageError, match="no face on the footage"):
            choose([], wanted)
    with pytest.raises(UsageError, match="names no person"):
        choose([], "anna")


def test_a_picture_names_the_nearest():
    def near(away: float, other: float | None = None):
        embedding = np.zeros(128, np.float32)
        embedding[0], embedding[5] = 0.5, away
        if other is not None:
            embedding[:2] = 0.25 + other, 0.25 - other
        return lambda _path: embedding

    assert choose(TWO, "anna.png", near(0.3)) == TWO[:1]
    with pytest.raises(UsageError, match=r"the distances are 1: 0\.60, 2: 0\.93"):
        choose(TWO, "anna.png", near(0.6))
    with pytest.raises(UsageError, match="may be 1 or 2"):
        choose(TWO, "anna.png", near(0.0, other=0.01))
    unknown = Person(TWO[1].tracks, np.full(128, np.nan), 24)
    assert choose([unknown, TWO[0]], "anna.png", near(0.3)) == TWO[:1]
    with pytest.raises(UsageError, match="Nobody"):
        choose([unknown], "anna.png", near(0.3))


def test_a_point_names_whose_face_it_is_on():
    assert numbers(TWO, "31:150,100") == [0]
    assert numbers(TWO, "31:330,100") == [1]
    assert numbers(TWO, "31:150,158") == [0]  # the chin just below the box
    with pytest.raises(UsageError, match=r"no face at 250,100 in frame 31 of a\.mp4") as raised:
        choose(TWO, "31:250,100")
    assert "person 1 at 150,100, person 2 at 330,100" in raised.value.fix
    with pytest.raises(UsageError, match="no face in frame 300") as raised:
        choose(TWO, "300:150,100")
    assert "The nearest frame with a face is 200" in raised.value.fix


def test_of_faces_over_one_another_the_nearer_middle_counts():
    behind = one(1, [1], (150, 50, 300, 200))
    assert numbers([one(0, [1]), behind], "1:170,100") == [0]
    assert numbers([one(0, [1]), behind], "1:195,100") == [1]


def test_a_point_in_one_of_several_sources():
    both = [one(0, [5]), one(1, [5], source="/footage/b.mp4")]
    with pytest.raises(UsageError, match="Several sources") as raised:
        choose(both, "5:150,100")
    assert "5:150,100@a.mp4" in raised.value.fix
    assert numbers(both, "5:150,100@b.mp4") == [1]
    assert numbers(both, "5:150,100@/footage/x/../b.mp4") == [1]
    same = Person((both[0].tracks[0], both[1].tracks[0]), both[0].embedding, 2)
    assert choose([same], "5:150,100") == [same]
    with pytest.raises(UsageError, match="source named c"):
        choose(both, "5:150,100@c.mp4")
    twice = [*both, one(2, [5], source="/other/b.mp4")]
    with pytest.raises(UsageError, match="2 sources named b"):
        choose(twice, "5:150,100@b.mp4")
    assert numbers(twice, "5:150,100@/other/b.mp4") == [2]
