"""Motion blur: along the face's motion, as long as the shutter is open, around the face's place."""

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_backend.faces.geometry import invert, transform
from ml_backend.swapping.detail.motion_blur import face_motion, motion_blur, part_of_motion

MOVES = st.tuples(st.floats(-40, 40), st.floats(-40, 40), st.floats(-0.5, 0.5), st.floats(0.8, 1.25))
SIDE = 121
CENTRE = (SIDE - 1) / 2


def similarity(x: float, y: float, turn: float, scale: float) -> np.ndarray:
    c, s = scale * math.cos(turn), scale * math.sin(turn)
    return np.array([[c, -s, x], [s, c, y]])


def about_centre(turn: float, scale: float) -> np.ndarray:
    matrix = similarity(0, 0, turn, scale)
    matrix[:, 2] = CENTRE - matrix[:, :2] @ [CENTRE, CENTRE]
    return matrix


def point(x: int, y: int) -> tuple[np.ndarray, np.ndarray]:
    """A small white dot on black, all of it face."""
    picture = np.zeros((SIDE, SIDE, 3), np.float32)
    picture[y, x] = 1
    return cv2.GaussianBlur(picture, (0, 0), 1), np.ones((SIDE, SIDE), np.float32)


def moments(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The middle (x, y) of a picture's light and its 2×2 covariance."""
    light = picture.sum(2).astype(np.float64)
    rows, columns = np.indices(light.shape)
    places = np.stack([columns.ravel(), rows.ravel()])
    return np.average(places, axis=1, weights=light.ravel()), np.cov(places, aweights=light.ravel(), ddof=0)


@given(MOVES, st.floats(-1.5, 1.5), st.floats(-1.5, 1.5))
@settings(max_examples=60, deadline=None)
def test_parts_of_a_motion_add_up(move: tuple[float, float, float, float], one: float, other: float) -> None:
    motion = similarity(*move)
    points = np.array([[0.0, 0], [100, 3], [-20, 70]])
    np.testing.assert_allclose(part_of_motion(motion, 1), motion, atol=1e-6)
    np.testing.assert_allclose(part_of_motion(motion, -1), invert(motion), atol=1e-5)
    both = transform(transform(points, part_of_motion(motion, one)), part_of_motion(motion, other))
    np.testing.assert_allclose(both, transform(points, part_of_motion(motion, one + other)), atol=1e-4)


def test_a_tiny_turn_is_nearly_a_shift() -> None:
    for turn in (0, 1e-12, 1e-8, 1e-6):
        np.testing.assert_allclose(part_of_motion(similarity(8, -2, turn, 1), 0.25)[:, 2], [2, -0.5], atol=1e-4)


@given(MOVES)
@settings(max_examples=30, deadline=None)
def test_motion_comes_from_landmarks_two_frames_apart(move: tuple[float, float, float, float]) -> None:
    before = np.random.default_rng(1).uniform(0, 200, (50, 3))
    motion = similarity(*move)
    after = transform(transform(before[:, :2], motion), motion)
    np.testing.assert_allclose(face_motion(before, after, 2), motion, atol=1e-5)
    np.testing.assert_allclose(face_motion(before, transform(before[:, :2], motion), 1), motion, atol=1e-6)


@given(MOVES)
@settings(max_examples=20, deadline=None)
def test_a_closed_shutter_and_a_still_face_change_nothing(move: tuple[float, float, float, float]) -> None:
    picture, mask = point(60, 60)
    assert motion_blur(picture, mask, similarity(*move), 0) == (picture, mask)
    assert motion_blur(picture, mask, similarity(0, 0, 0, 1), 1) == (picture, mask)
    assert motion_blur(picture, mask * 0, similarity(*move), 1)[0] is picture


@pytest.mark.parametrize(("x", "y", "shutter"), [(8, 0, 1), (0, 20, 0.5), (12, -9, 1), (30, 30, 0.5), (60, 0, 0.5)])
def test_a_shift_spreads_a_point_over_its_path(x: float, y: float, shutter: float) -> None:
    picture, mask = point(60, 60)
    blurred, _ = motion_blur(picture, mask, similarity(x, y, 0, 1), shutter)
    before, after = moments(picture), moments(blurred)
    np.testing.assert_allclose(after[0], before[0], atol=0.05)
    path = np.array([x, y]) * shutter
    # a box of length L has the variance L²/12
    np.testing.assert_allclose(after[1] - before[1], np.outer(path, path) / 12, atol=0.5 + 0.05 * (path**2).max() / 12)
    np.testing.assert_allclose(blurred.sum(), picture.sum(), rtol=0.02)


def test_a_turn_blurs_far_points_across_and_the_middle_not() -> None:
    turn = about_centre(0.3, 1)
    middle, _ = motion_blur(*point(60, 60), turn, 1)
    np.testing.assert_allclose(moments(middle)[1], moments(point(60, 60)[0])[1], atol=0.8)
    right, _ = motion_blur(*point(100, 60), turn, 1)
    spread = moments(right)[1]
    assert spread[1, 1] > 8 * spread[0, 0], "a point beside the middle moves up and down"


def test_a_growing_face_blurs_outwards() -> None:
    below, _ = motion_blur(*point(60, 100), about_centre(0, 1.3), 1)
    spread = moments(below)[1]
    assert spread[1, 1] > 5 * spread[0, 0]


@given(MOVES, st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=20, deadline=None)
def test_an_even_face_stays_even_and_its_edge_softens(
    move: tuple[float, float, float, float], shutter: float, value: float
) -> None:
    mask = np.zeros((SIDE, SIDE), np.float32)
    cv2.circle(mask, (60, 60), 30, 1.0, -1)
    face = np.where(mask[..., None] > 0, np.float32(value), np.float32(0))
    colour, blurred = motion_blur(face.repeat(3, 2), mask, similarity(*move), shutter)
    assert 0 <= blurred.min() <= blurred.max() <= 1 + 1e-6
    np.testing.assert_allclose(colour[blurred > 0.01], value, atol=1e-3)


def cut_face(x: int) -> tuple[np.ndarray, np.ndarray]:
    """A face around column `x` of a wide picture: all mask down to its rounded right end, and far out to the left."""
    mask = np.zeros((SIDE, 3 * SIDE), np.float32)
    cv2.rectangle(mask, (0, 30), (x, 90), 1.0, -1)
    cv2.circle(mask, (x, 60), 30, 1.0, -1)
    rows = np.arange(SIDE, dtype=np.float32)[:, None, None] / SIDE
    return np.broadcast_to(rows, (*mask.shape, 3)).copy(), cv2.GaussianBlur(mask, (0, 0), 2)


@pytest.mark.parametrize("move", [(10, 0), (-10, 0), (25, 8), (70, 0)])
@pytest.mark.parametrize("shutter", [0.5, 1, 2])
def test_a_face_that_the_picture_cuts_goes_on_beyond_its_border(move: tuple[int, int], shutter: float) -> None:
    picture, mask = cut_face(2 * SIDE)
    wide = motion_blur(picture, mask, similarity(*move, 0, 1), shutter)
    part = np.s_[:, SIDE : 3 * SIDE]
    colour, alpha = motion_blur(picture[part].copy(), mask[part].copy(), similarity(*move, 0, 1), shutter)
    assert alpha[58:63, 0].min() > 0.999, "the performer shows through"
    np.testing.assert_allclose(alpha, wide[1][part], atol=0.01)
    np.testing.assert_allclose(colour[alpha > 0.05], wide[0][part][alpha > 0.05], atol=0.01)


@pytest.mark.parametrize("move", [(20, 0), (-35, 0), (0, 30), (60, 20)])
def test_a_window_that_the_face_does_not_fill_gets_nothing_from_its_borders(move: tuple[int, int]) -> None:
    mask = np.zeros((SIDE, SIDE), np.float32)
    cv2.circle(mask, (60, 60), 25, 1.0, -1)
    picture, motion = np.ones((SIDE, SIDE, 3), np.float32), similarity(*move, 0, 1)
    wide = motion_blur(picture, mask, motion, 1)[1]
    tight = np.s_[34:87, 34:87]
    np.testing.assert_allclose(motion_blur(picture[tight], mask[tight], motion, 1)[1], wide[tight], atol=0.01)
