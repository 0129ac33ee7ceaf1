"""Trembling, flicker and changes on values that are known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_backend.evaluation.over_time import changes, off_neighbours
from ml_backend.evaluation.rows import Row, add_changes
from ml_backend.faces.jitter import Jitter, second_difference

from .known_faces import face_at

numbers = st.floats(-100, 100)


def test_jitter_is_told_of_the_frame_before() -> None:
    meter, path = Jitter(), [face_at(x, 50) for x in (50, 53, 50, 50)]
    found = [meter(number, landmarks) for number, landmarks in enumerate(path, 11)]
    assert found[:2] == [None, None]
    assert found[2] == (12, pytest.approx(2 * 3 / 40 * 100))
    assert found[3] == (13, second_difference(*path[1:]))


@pytest.mark.parametrize("frames", [[1, 2, 4, 5], [1, 3, 5, 7]])
def test_frames_apart_have_no_jitter(frames: list[int]) -> None:
    meter = Jitter()
    assert [meter(number, face_at(50, 50)) for number in frames] == [None] * 4


def test_jitter_begins_anew_after_a_frame_without_face_and_on_another_face() -> None:
    meter = Jitter()
    seen = [
        face_at(50, 50),
        face_at(50, 50),
        None,
        face_at(50, 50),
        face_at(51, 50),
        face_at(400, 50),
        face_at(401, 50),
    ]
    assert [meter(number, landmarks) for number, landmarks in enumerate(seen)] == [None] * 7
    assert meter(7, face_at(402, 50)) == (6, pytest.approx(0, abs=1e-9))


@given(numbers, numbers, st.integers(3, 10))
def test_even_change_is_no_flicker(start: float, step: float, count: int) -> None:
    values = [np.array([start + step * n]) for n in range(count)]
    off = off_neighbours(range(count), values)
    assert off[0] is None
    assert off[-1] is None
    assert all(value is not None and abs(value[0]) < 1e-9 for value in off[1:-1])


def test_one_bright_frame_is_off_by_all_and_its_neighbours_by_half() -> None:
    values = [np.array([value]) for value in (5.0, 5.0, 9.0, 5.0, 5.0)]
    off = off_neighbours([1, 2, 3, 4, 5], values)
    assert [None if one is None else one[0] for one in off] == [None, -2, 4, -2, None]
    assert off_neighbours([1, 2, 3, 5, 6], values)[2] is None, "frame 4 is missing"
    assert off_neighbours([1, 2, 3], [values[0], None, values[1]]) == [None] * 3


def test_changes_are_parts_of_the_larger() -> None:
    assert changes([1, 2, 3, 4], [1.0, 0.6, 0.6, 1.2]) == [None, pytest.approx(-0.4), 0.0, pytest.approx(0.5)]
    assert changes([1, 2, 3], [0.0, 0.0, 0.5]) == [None, 0.0, 1.0]
    assert changes([1, 3], [1.0, 0.5]) == [None, None]
    assert changes([1, 2, 3], [1.0, None, 0.5]) == [None, None, None]


def test_rows_get_what_their_neighbours_tell() -> None:
    rows = [Row(n, 1, figures={"coverage": 0.8}, offset=np.array([0.0, 0, 0])) for n in (1, 2, 3)]
    rows[1].offset = np.array([-2.0, 3, 4])
    rows[2].figures["coverage"] = 0.4
    add_changes(rows)
    assert rows[1].figures["flicker_brightness"] == -2
    assert rows[1].figures["flicker_colour"] == 5
    assert "flicker_colour" not in rows[0].figures
    assert [row.get("coverage_change") for row in rows] == [None, 0.0, -0.5]
