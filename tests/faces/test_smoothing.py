import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_backend.faces.smoothing import smooth

EYES = 90.0  # the distance of the outer eye corners in pixels


def noise(frames: int, part: float) -> np.ndarray:
    return np.random.default_rng(4).normal(0, part * EYES, (frames, 20, 3))


def second_difference(values: np.ndarray) -> float:
    return float(np.linalg.norm(values[2:] - 2 * values[1:-1] + values[:-2], axis=-1).mean())


@given(seed=st.integers(0, 200), frames=st.integers(1, 40), strength=st.floats(0.2, 4))
def test_time_has_no_direction(seed, frames, strength):
    values = np.random.default_rng(seed).normal(0, 2, (frames, 5, 3)).cumsum(0)
    there = smooth(values, EYES, strength)
    back = smooth(values[::-1], EYES, strength)[::-1]
    np.testing.assert_allclose(there, back, atol=1e-12)


@given(frames=st.integers(1, 30), value=st.floats(-1e4, 1e4), speed=st.floats(-50, 50))
def test_rest_and_even_motion_stay_as_they_are(frames, value, speed):
    values = np.broadcast_to(value + speed * np.arange(frames)[:, None, None], (frames, 4, 3))
    np.testing.assert_allclose(smooth(values, EYES), values, atol=1e-8)


@given(seed=st.integers(0, 50), scale=st.floats(0.01, 100))
def test_the_unit_of_length_does_not_matter(seed, scale):
    values = np.random.default_rng(seed).normal(0, 1, (20, 3, 2))
    np.testing.assert_allclose(smooth(values * scale, EYES * scale), smooth(values, EYES) * scale, atol=1e-9 * scale)


def test_noise_at_rest_is_taken_out():
    values = noise(120, 0.003)
    smoothed = smooth(values, EYES)
    assert smoothed[10:-10].std() < values[10:-10].std() / 2
    assert second_difference(smoothed) < second_difference(values) / 8


@pytest.mark.parametrize("amplitude", [0.03, 0.05, 0.1])
def test_a_blink_of_three_frames_stays(amplitude):
    values = 100 + noise(61, 0.002)
    blink = np.zeros_like(values)
    blink[29:32, :, 1] = amplitude * EYES
    kept = (smooth(values + blink, EYES) - smooth(values, EYES))[29:32, :, 1].mean(1) / (amplitude * EYES)
    assert 0.9 <= kept[1] <= 1.05
    if amplitude >= 0.08:  # what the lids of a wide open eye do
        assert kept.min() >= 0.9


def test_speech_stays():
    """A mouth that opens and closes four times a second."""
    t = np.arange(75)
    mouth = 0.08 * EYES * np.sin(2 * np.pi * 4 / 25 * t)[:, None, None] * np.array([0, 1, 0])
    smoothed = smooth(mouth, EYES)
    assert np.ptp(smoothed[10:-10]) > 0.9 * np.ptp(mouth[10:-10])


def test_strength_zero_and_short_runs_change_nothing():
    values = noise(30, 0.01)
    np.testing.assert_array_equal(smooth(values, EYES, 0), values)
    np.testing.assert_array_equal(smooth(values[:2], EYES), values[:2])
    assert smooth(values[:0], EYES).shape == (0, 20, 3)


def test_the_input_is_left_alone():
    values = noise(30, 0.01)
    copy = values.copy()
    smooth(values, EYES)[:] = 0
    smooth(values[:2], EYES)[:] = 0
    np.testing.assert_array_equal(values, copy)


def test_stronger_is_smoother():
    values = noise(120, 0.002)
    roughness = [second_difference(smooth(values, EYES, strength)) for strength in (0, 0.5, 1, 2)]
    assert roughness == sorted(roughness, reverse=True)
