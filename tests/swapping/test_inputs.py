"""Which frames are made again when something changes."""

from hypothesis import given
from hypothesis import strategies as st

from ml_backend.faces.canonical import canonical_mesh
from ml_backend.faces.face import Face
from ml_backend.swapping.inputs import frame_inputs
from ml_backend.swapping.settings import Controls

MESH = canonical_mesh()


def hashes(
    controls: Controls, moved: int | None = None, touched: int | None = None, tracks: int = 0, frames: int = 20
) -> dict[int, str]:
    faces = [(n, [Face(MESH + (0.1 if n == moved else 0), 0.9, tracks)]) for n in range(1, frames + 1)]
    return dict(frame_inputs(iter(faces), controls, {"weights": "a"}, lambda n: ("shot.png", n == touched)))


def changed(one: dict[int, str], other: dict[int, str]) -> set[int]:
    return {number for number in one if one[number] != other[number]}


@given(st.integers(1, 20), st.floats(0, 3))
def test_a_face_or_a_picture_counts_for_the_frames_that_are_averaged_with_it(frame: int, sigma: float) -> None:
    controls = Controls.make({"mask_smooth": str(sigma)}, {})
    near = {n for n in range(1, 21) if abs(n - frame) <= controls.reach}
    assert changed(hashes(controls), hashes(controls, moved=frame)) == near
    assert changed(hashes(controls), hashes(controls, touched=frame)) == near


def test_a_key_counts_for_the_frames_whose_value_it_changes() -> None:
    before = Controls.make({}, {"opacity": [(1, 1.0), (10, 1.0), (20, 0.0)]})
    after = Controls.make({}, {"opacity": [(1, 1.0), (10, 1.0), (20, 0.5)]})
    assert changed(hashes(before), hashes(after)) == set(range(11, 21))


def test_a_constant_setting_counts_for_all_frames_and_the_number_of_a_track_for_none() -> None:
    plain = Controls.make({}, {})
    assert changed(hashes(plain), hashes(Controls.make({"feather": "0.3"}, {}))) == set(range(1, 21))
    assert not changed(hashes(plain), hashes(plain, tracks=7))
    assert not changed(hashes(plain), hashes(plain))


def test_who_is_who_counts() -> None:
    controls = Controls.make({}, {})
    left, right = MESH - 5, MESH + 5

    def run(tracks: tuple[int, int]) -> dict[int, str]:
        first = [Face(left, 0.9, 0), Face(right, 0.9, 1)]
        second = [Face(left, 0.9, tracks[0]), Face(right, 0.9, tracks[1])]
        return dict(frame_inputs(iter([(1, first), (2, second)]), controls, {}, lambda _: None))

    assert changed(run((0, 1)), run((1, 0))) == {1, 2}
