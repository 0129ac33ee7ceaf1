"""The squares around heads that turn: level with the head, not with eyes that lie behind one another."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ml_backend.faces.canonical import canonical_mesh, fit_head, tilt
from ml_backend.faces.detection import Detection
from ml_backend.faces.regions import LEFT_EYE_CORNER, RIGHT_EYE_CORNER, five_points
from ml_backend.faces.roi import Roi, roi_of_detection, roi_of_landmarks


def turned(points: np.ndarray, yaw: float, pitch: float, roll: float) -> np.ndarray:
    """N×3 canonical points as a far camera sees them, the roll in the picture last; angles in degrees."""
    y, p, r = np.radians([yaw, pitch, roll])
    across = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    down = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    clockwise = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    moved: np.ndarray = points @ (clockwise @ down @ across).T * 100 + [300, 200, 0]
    return moved


def apart(a: float, b: float) -> float:
    return abs((a - b + math.pi) % (2 * math.pi) - math.pi)


def detected(points: np.ndarray) -> Detection:
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    return Detection(np.concatenate([low, high]), five_points(points), 1.0)


@given(st.floats(-100, 100), st.floats(-170, 170))
def test_squares_turn_with_the_head_and_know_how_far_it_is_turned_away(yaw, roll):
    head = turned(canonical_mesh(), yaw, 0, roll)
    for roi in (roi_of_landmarks(head), roi_of_detection(detected(head))):
        assert apart(roi.angle, math.radians(roll)) < 1e-6
        assert roi.turned == pytest.approx(abs(math.sin(math.radians(yaw))), abs=1e-6)


@given(st.floats(-29, 29), st.floats(-30, 30), st.floats(-170, 170))
def test_up_to_thirty_degrees_a_square_is_level_with_the_eyes(yaw, pitch, roll):
    head = turned(canonical_mesh(), yaw, pitch, roll)
    across = head[RIGHT_EYE_CORNER] - head[LEFT_EYE_CORNER]
    roi = roi_of_landmarks(head)
    assume(roi.turned < 0.5)
    assert roi.angle == math.atan2(across[1], across[0])


def test_in_profile_a_square_keeps_level_though_the_eyes_do_not():
    """The far eye of a profile is where it likes: measured or guessed a little above the near one."""
    head = turned(canonical_mesh(), 88, 0, 10)
    head[RIGHT_EYE_CORNER, 1] -= 3
    across = head[RIGHT_EYE_CORNER] - head[LEFT_EYE_CORNER]
    assert apart(math.atan2(across[1], across[0]), math.radians(10)) > 0.2
    assert apart(roi_of_landmarks(head).angle, math.radians(10)) < 0.03


def test_a_square_does_not_jump_where_the_head_takes_over():
    angles = [roi_of_landmarks(turned(canonical_mesh(), yaw, 20, 5)).angle for yaw in np.arange(0, 100, 0.5)]
    assert np.abs(np.diff(angles)).max() < math.radians(1.5)


def test_the_tilt_of_a_rotation():
    assert tilt(fit_head(turned(canonical_mesh(), 0, 0, 25))[1]) == pytest.approx(math.radians(25))
    assert tilt(np.array([[0, 0, 1], [0, 1, 0], [-1, 0, 0]])) == 0  # in profile


def test_a_square_keeps_how_far_its_head_is_turned():
    before, now = Roi(10, 10, 50, 0.1, 0.3), Roi(12, 11, 52, 0.2, 0.6)
    assert now.ahead(before).turned == 0.6
    assert Roi(*list(now)) == now
