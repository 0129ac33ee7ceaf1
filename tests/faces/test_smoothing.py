import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_backend.faces.canonical import canonical_mesh, fit_head
from ml_backend.faces.expression import measure_expression
from ml_backend.faces.regions import LEFT_EYE, RIGHT_EYE, landmarks68
from ml_backend.faces.smoothing import reach, smooth

EYES = 90.0  # the distance of the outer eye corners in pixels
LIDS = np.setdiff1d(np.concatenate([LEFT_EYE, RIGHT_EYE]), [33, 133, 263, 362])  # without the corners
LOWER_LIP = np.array([14, 87, 317, 84, 17, 314])


def heads(frames: int, speed: np.ndarray | float = 0.0, turn: float = 0.0) -> np.ndarray:
    """A face that moves by `speed` pixels and turns by `turn` radians a frame."""
    mesh = canonical_mesh() * EYES
    angles = turn * (np.arange(frames) - frames / 2)
    turned = [mesh @ np.array([[np.cos(a), 0, -np.sin(a)], [0, 1, 0], [np.sin(a), 0, np.cos(a)]]).T for a in angles]
    return np.array(turned).reshape(-1, 478, 3) + [300, 200, 0] + np.arange(frames)[:, None, None] * speed


def noise(frames: int, part: float, seed: int = 4) -> np.ndarray:
    """Half of it moves every point on its own, half the whole face, as with the landmark network."""
    rng = np.random.default_rng(seed)
    own = rng.normal(0, part * EYES, (frames, 478, 3))
    return (own + rng.normal(0, part * EYES, (frames, 1, 3))) / np.sqrt(2)


def second_difference(values: np.ndarray) -> float:
    return float(np.linalg.norm(values[2:] - 2 * values[1:-1] + values[:-2], axis=-1).mean())


def wandering(seed: int, frames: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    walk = rng.normal(0, 2, (frames, 1, 3)).cumsum(0)
    return heads(frames, turn=0.01) + walk + noise(frames, 0.01, seed)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 200), frames=st.integers(1, 40), strength=st.floats(0.2, 4))
def test_time_has_no_direction(seed, frames, strength):
    values = wandering(seed, frames)
    np.testing.assert_allclose(smooth(values, strength), smooth(values[::-1], strength)[::-1], atol=1e-8)


@settings(max_examples=30, deadline=None)
@given(
    frames=st.integers(1, 30),
    place=st.floats(-1e4, 1e4),
    speed=st.tuples(st.floats(-50, 50), st.floats(-50, 50), st.floats(-5, 5)),
    turn=st.floats(-0.1, 0.1),
)
def test_rest_and_even_motion_stay_as_they_are(frames, place, speed, turn):
    values = heads(frames, np.array(speed), turn) + place
    np.testing.assert_allclose(smooth(values), values, atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 50), scale=st.floats(0.01, 100))
def test_the_unit_of_length_does_not_matter(seed, scale):
    values = wandering(seed, 20)
    np.testing.assert_allclose(smooth(values * scale), smooth(values) * scale, atol=1e-8 * scale)


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 50),
    frames=st.integers(3, 70),
    strength=st.floats(0.1, 3),
    first=st.integers(0, 69),
    count=st.integers(1, 20),
)
def test_a_window_with_its_reach_gives_the_same_as_the_whole(seed, frames, strength, first, count):
    values = wandering(seed, frames)
    first = min(first, frames - 1)
    last = min(first + count, frames)
    far = reach(strength)
    low, high = max(0, first - far), min(frames, last + far)
    part = smooth(values[low:high], strength)[first - low : last - low]
    np.testing.assert_allclose(part, smooth(values, strength)[first:last], atol=1e-9)


def test_the_reach_is_needed():
    """One frame less gives another result: reach is not larger than it must be."""
    values = wandering(1, 41)
    far = reach(1) - 1
    part = smooth(values[20 - far : 21 + far])[far]
    assert np.abs(part - smooth(values)[20]).max() > 1e-6
    assert (reach(0), reach(-1)) == (0, 0)
    assert reach(2) == 2 * far + 1 or reach(2) == 2 * far + 2


def test_noise_at_rest_is_taken_out():
    values = heads(120) + noise(120, 0.003)
    smoothed = smooth(values)
    assert (smoothed - heads(120))[10:-10].std() < (values - heads(120))[10:-10].std() / 1.7
    assert second_difference(smoothed) < second_difference(values) / 5


def test_noise_is_taken_out_of_a_head_that_turns():
    still = heads(120, speed=2.0, turn=0.02)
    values = still + noise(120, 0.003)
    smoothed = smooth(values)
    assert (smoothed - still)[10:-10].std() < (values - still)[10:-10].std() / 1.5


@pytest.mark.parametrize("amplitude", [0.03, 0.05, 0.1])
def test_a_blink_of_three_frames_stays(amplitude):
    values = heads(61) + noise(61, 0.002)
    blink = np.zeros_like(values)
    blink[29:32, LIDS, 1] = amplitude * EYES
    kept = (smooth(values + blink) - smooth(values))[29:32][:, LIDS, 1].mean(1) / (amplitude * EYES)
    assert kept.min() >= 0.9
    assert kept.max() <= 1.1


def test_speech_stays():
    """A mouth that opens and closes four times a second."""
    t = np.arange(75)
    values = heads(75)
    values[:, LOWER_LIP, 1] += 0.08 * EYES * (1 + np.sin(2 * np.pi * 4 / 25 * t))[:, None]
    mouth = np.ptp([measure_expression(one).mouth for one in values[10:-10]])
    smoothed = np.ptp([measure_expression(one).mouth for one in smooth(values)[10:-10]])
    assert smoothed > 0.9 * mouth


def test_smoothing_brings_the_footage_nearer_to_the_truth(pictures, truth, tracked):
    """Less noise between the frames, the same blinks: measured against what the renderer knows."""
    raw = tracked("identity_B_take1", 36, 75)
    known = truth("identity_B_take1")[35:75]
    exact = np.array([frame["landmarks68"] for frame in known])
    smoothed = smooth(raw)
    points, better = (np.array([landmarks68(one) for one in several]) for several in (raw, smoothed))
    assert second_difference(better) < second_difference(points) / 2
    assert second_difference(better) < 2 * second_difference(exact)
    error = [np.linalg.norm(several - exact, axis=-1).mean() for several in (points, better)]
    assert error[1] < error[0] * 1.01

    closed = np.array([frame["expr"]["eyeBlink"] > 0.5 for frame in known])
    assert closed.sum() == 3
    open_before = np.flatnonzero(closed)[0] + np.arange(-8, -3)
    gaps = [[0.5 * (e.eye_left + e.eye_right) for e in map(measure_expression, several)] for several in (raw, smoothed)]
    dips = [np.mean(np.array(gap)[open_before]) - np.mean(np.array(gap)[closed]) for gap in gaps]
    assert dips[0] > 0.03
    assert dips[1] > 0.9 * dips[0]


def test_the_head_is_smoothed_and_the_expression_stays():
    """A tremble of the whole face is noise; the same size of motion in the lids alone is a blink."""
    values = heads(60)
    values[30] += [0, 0.008 * EYES, 0]
    lids = heads(60)
    lids[30, LIDS, 1] += 0.03 * EYES
    trembling = np.array([fit_head(one)[2][1] for one in smooth(values)])
    assert np.ptp(trembling) < 0.4 * 0.008 * EYES
    assert (smooth(lids) - lids)[30, LIDS, 1].mean() > -0.1 * 0.03 * EYES


def test_strength_zero_and_short_runs_change_nothing():
    values = heads(30) + noise(30, 0.01)
    np.testing.assert_array_equal(smooth(values, 0), values)
    np.testing.assert_array_equal(smooth(values[:2]), values[:2])
    assert smooth(values[:0]).shape == (0, 478, 3)


def test_the_input_is_left_alone():
    values = heads(30) + noise(30, 0.01)
    copy = values.copy()
    smooth(values)[:] = 0
    smooth(values[:2])[:] = 0
    np.testing.assert_array_equal(values, copy)


def test_stronger_is_smoother():
    values = heads(120) + noise(120, 0.002)
    roughness = [second_difference(smooth(values, strength)) for strength in (0, 0.5, 1, 2)]
    assert roughness == sorted(roughness, reverse=True)
