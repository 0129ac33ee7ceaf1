"""Boxes drawn and moved with the mouse."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blender_deepfake.core import face_points, gestures
from blender_deepfake.core.gestures import NewBox

numbers = st.integers(-500, 3000)
points = st.tuples(numbers, numbers)
BOX = (100.0, 50.0, 200.0, 180.0)


def test_a_box_is_dragged_or_clicked() -> None:
    dragged = NewBox()
    assert dragged.release((5, 5), 3) is None, "the button went up that was pressed elsewhere"
    assert dragged.press((10, 20)) is None
    dragged.move((60, 90))
    assert (dragged.corner, dragged.other) == ((10, 20), (60, 90))
    assert dragged.release((60, 90), 3) == (10, 20, 60, 90)
    clicked = NewBox()
    assert clicked.press((10, 20)) is None
    assert clicked.release((11, 21), 3) is None
    assert clicked.press((60, 90)) == (10, 20, 60, 90)


@given(points, points)
def test_a_box_moves_with_the_mouse(start: tuple[int, int], end: tuple[int, int]) -> None:
    held = gestures.grip([BOX], start, 5)
    inside = 95 <= start[0] <= 205 and 45 <= start[1] <= 185
    if not inside:
        assert held is None
    if held is not None:
        assert held.at(start) == BOX
        x0, y0, x1, y1 = held.at(end)
        if all(held.free):
            assert (x1 - x0, y1 - y0) == (100, 130)
        else:
            assert sum(new != old for new, old in zip((x0, y0, x1, y1), BOX, strict=True)) <= 2


def test_a_corner_resizes_and_the_opposite_one_stays() -> None:
    for corner, opposite in (((0, 1), (2, 3)), ((2, 1), (0, 3)), ((0, 3), (2, 1)), ((2, 3), (0, 1))):
        held = gestures.grip([(0, 0, 9, 9), BOX], (BOX[corner[0]] + 2, BOX[corner[1]] - 3), 5)
        assert held is not None
        assert held.index == 1
        moved = held.at((held.start[0] + 7, held.start[1] - 8))
        assert [moved[i] for i in opposite] == [BOX[i] for i in opposite]
        assert [moved[i] - BOX[i] for i in corner] == [7, -8]


def test_the_nearest_point_is_hit() -> None:
    assert gestures.nearest([(0, 0), (10, 10), (12, 10)], (11.5, 10), 3) == 2
    assert gestures.nearest([(0, 0)], (4, 0), 3) is None
    assert gestures.nearest([], (4, 0), 3) is None


def test_points_of_the_mesh() -> None:
    drawn = {index for part in (*face_points.CLOSED, *face_points.OPEN) for index in part}
    assert drawn | set(face_points.HANDLES) <= set(range(478))
    assert len(set(face_points.HANDLES)) == len(face_points.HANDLES)


def test_the_parts_are_the_backends() -> None:
    regions = pytest.importorskip("ml_backend.faces.regions")
    for name in ("OVAL", "LEFT_EYE", "RIGHT_EYE", "LIPS"):
        assert list(getattr(regions, name)) == list(getattr(face_points, name))
