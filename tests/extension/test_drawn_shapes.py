"""Shapes of splines cover the pixels that they should."""

import math

import numpy as np
import pytest

from blender_deepfake.core import drawn_shapes
from blender_deepfake.core.drawn_shapes import Knot, Point


def polygon(*corners: Point) -> list[Point]:
    """With handles on the corners the sides are straight."""
    return drawn_shapes.outline([Knot(corner, corner, corner) for corner in corners])


def covered(*outlines: list[Point], width: int = 8, height: int = 6) -> np.ndarray:
    return np.array(drawn_shapes.coverage(outlines, width, height)).reshape(height, width)


def test_a_rectangle_to_the_part_of_a_pixel() -> None:
    found = covered(polygon((1.5, 1.0), (5.25, 1.0), (5.25, 4.5), (1.5, 4.5)))
    wanted = np.zeros((6, 8))
    wanted[1:5, 1:6] = np.outer([1, 1, 1, 0.5], [0.5, 1, 1, 1, 0.25])
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_a_circle_has_its_area() -> None:
    r, k = 20.0, 0.5522847498 * 20.0
    knots = []
    for turn in range(4):
        x, y = math.cos(turn * math.pi / 2), math.sin(turn * math.pi / 2)
        co = (32 + r * x, 32 + r * y)
        knots.append(Knot(co, (co[0] + k * y, co[1] - k * x), (co[0] - k * y, co[1] + k * x)))
    found = covered(drawn_shapes.outline(knots), width=64, height=64)
    assert found.sum() == pytest.approx(math.pi * r * r, rel=0.005)
    assert found.max() == pytest.approx(1.0)


def test_outside_the_picture_and_several() -> None:
    left = polygon((-5.0, -5.0), (2.0, -5.0), (2.0, 50.0), (-5.0, 50.0))
    right = polygon((6.0, 0.0), (90.0, 0.0), (90.0, 2.0), (6.0, 2.0))
    found = covered(left, right, left)
    wanted = np.zeros((6, 8))
    wanted[:, :2] = 1
    wanted[:2, 6:] = 1
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_only_what_is_covered_gets_darker() -> None:
    pixels = np.full((6, 8, 4), 0.5, np.float32)
    shape = polygon((0.0, 0.0), (4.0, 0.0), (4.0, 6.0), (0.0, 6.0))
    changed = drawn_shapes.darkened(drawn_shapes.array("f", pixels.tobytes()), drawn_shapes.coverage([shape], 8, 6))
    found = np.array(changed).reshape(6, 8, 4)
    assert (found[:, :4, :3] == 0).all()
    assert (found[:, 4:, :3] == 0.5).all()
    assert (found[..., 3] == 0.5).all()
