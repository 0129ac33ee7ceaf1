"""Figures on values that are known."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_backend.evaluation.metrics import expression_difference, pose_difference, psnr, ssim
from ml_backend.faces.canonical import REST_PITCH, canonical_mesh
from ml_backend.faces.jitter import second_difference

FULL = np.ones((20, 24), np.float32)


def flat(value: float) -> np.ndarray:
    return np.full((20, 24, 3), value, np.float32)


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((20, 24, 3), np.float32)


def turned(yaw: float, pitch: float, roll: float, size: float = 100, shift: tuple[float, float] = (0, 0)) -> np.ndarray:
    """The canonical face as 478×3 landmarks, on a head turned by degrees."""
    y, p, r = np.radians([yaw, pitch, roll])
    ry = np.array([[math.cos(y), 0, -math.sin(y)], [0, 1, 0], [math.sin(y), 0, math.cos(y)]])
    rp = np.array([[1, 0, 0], [0, math.cos(p), -math.sin(p)], [0, math.sin(p), math.cos(p)]])
    rr = np.array([[math.cos(r), math.sin(r), 0], [-math.sin(r), math.cos(r), 0], [0, 0, 1]])
    rest = math.radians(REST_PITCH)
    level = np.array([[1, 0, 0], [0, math.cos(rest), -math.sin(rest)], [0, math.sin(rest), math.cos(rest)]])
    return canonical_mesh() @ (ry @ rp @ rr @ level).T * size + [*shift, 0]


@pytest.mark.parametrize(("difference", "decibel"), [(0.1, 20), (0.01, 40), (1, 0)])
def test_psnr_of_a_known_error(difference: float, decibel: float) -> None:
    assert psnr(flat(0), flat(difference), FULL) == pytest.approx(decibel, abs=1e-4)


def test_psnr_of_the_same_picture_has_no_bound() -> None:
    assert psnr(noise(1), noise(1), FULL) == math.inf


def test_psnr_sees_only_what_lies_under_the_mask() -> None:
    other = flat(0.5)
    other[:, 12:] = 0.9
    half = FULL.copy()
    half[:, 12:] = 0
    assert psnr(flat(0.5), other, half) == math.inf
    assert psnr(flat(0.5), other, 1 - half) == pytest.approx(-20 * math.log10(0.4), abs=1e-4)


def test_ssim_of_known_pictures() -> None:
    assert ssim(noise(1), noise(1), FULL) == pytest.approx(1, abs=1e-5)
    expected = (2 * 0.2 * 0.6 + 1e-4) / (0.2**2 + 0.6**2 + 1e-4)
    assert ssim(flat(0.2), flat(0.6), FULL) == pytest.approx(expected, abs=1e-4)
    assert ssim(noise(1), 1 - noise(1), FULL) < -0.7


def test_ssim_without_a_whole_window_is_no_number() -> None:
    edge = FULL.copy()
    edge[5:-5, 5:-5] = 0
    assert math.isnan(ssim(noise(1), noise(2), edge))
    assert math.isnan(ssim(noise(1)[:8], noise(2)[:8], FULL[:8]))


angles = st.floats(-25, 25)


@given(angles, angles, angles, st.floats(20, 300), st.floats(-50, 500))
@settings(max_examples=30, deadline=None)
def test_place_size_and_pose_are_no_expression(yaw: float, pitch: float, roll: float, size: float, x: float) -> None:
    moved = turned(yaw, pitch, roll, size, (x, x / 2))
    assert expression_difference(moved, turned(0, 0, 0)) == pytest.approx(0, abs=1e-6)


@given(angles, angles, angles)
@settings(max_examples=30, deadline=None)
def test_the_pose_error_is_the_mean_of_the_turns(yaw: float, pitch: float, roll: float) -> None:
    expected = (abs(yaw) + abs(pitch) + abs(roll)) / 3
    assert pose_difference(turned(yaw, pitch, roll), turned(0, 0, 0)) == pytest.approx(expected, abs=1e-6)


def test_an_open_mouth_is_an_expression_and_no_pose() -> None:
    still = turned(5, 3, 2)
    talking = still.copy()
    talking[[17, 14, 87, 317, 84, 314]] += [0, 20, 0]
    assert expression_difference(still, talking) > 0.5
    assert pose_difference(still, talking) == pytest.approx(0, abs=1e-6)


@given(st.floats(-20, 20), st.floats(-20, 20))
@settings(max_examples=20, deadline=None)
def test_even_motion_has_no_second_difference(x: float, y: float) -> None:
    start, step = turned(5, 0, 0), np.array([x, y, 0])
    assert second_difference(start, start + step, start + 2 * step) == pytest.approx(0, abs=1e-9)


def test_a_known_jump_is_a_known_second_difference() -> None:
    start = turned(0, 0, 0)
    jump = start + np.array([3.0, 4.0, 0])
    size = float(np.linalg.norm(start[263] - start[33]))
    # second differences of 0, jump, 0: twice the jump of 5 pixels
    assert second_difference(start, jump, start) == pytest.approx(2 * 5 / size * 100)
