"""Settings sampled over the timeline become few keys that say the same."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from blender_deepfake.core import swap_keys

values = st.floats(-4, 4, width=32)
samples = st.dictionaries(st.integers(-500, 5000), values, min_size=1, max_size=60).map(lambda d: sorted(d.items()))


@given(samples)
def test_lines_between_the_keys_give_every_sample_back(samples: list[tuple[int, float]]) -> None:
    keys = swap_keys.thinned(samples)
    frames, given_values = zip(*samples, strict=True)
    found = np.interp(frames, *zip(*keys, strict=True))
    assert np.abs(found - given_values).max() <= swap_keys.TOLERANCE * 1.01
    assert set(keys) <= set(samples)
    assert keys[0] == samples[0]


@given(st.lists(st.tuples(st.integers(1, 30), values), min_size=2, max_size=6), st.integers(-100, 100))
def test_a_line_needs_no_more_than_its_corners(legs: list[tuple[int, float]], start: int) -> None:
    corners = [start + sum(length for length, _ in legs[:i]) for i in range(len(legs))]
    levels = [value for _, value in legs]
    frames = range(corners[0], corners[-1] + 1)
    keys = swap_keys.thinned(list(zip(frames, map(float, np.interp(frames, corners, levels)), strict=True)))
    assert len(keys) <= len(corners)


def test_examples() -> None:
    assert swap_keys.thinned([]) == []
    assert swap_keys.thinned([(3, 0.5)]) == [(3, 0.5)]
    assert swap_keys.thinned([(3, 0.5), (4, 0.5), (9, 0.5)]) == [(3, 0.5)]
    assert swap_keys.thinned([(1, 0.0), (2, 1.0)]) == [(1, 0.0), (2, 1.0)]
    step = [(1, 0.0), (2, 0.0), (3, 0.0), (4, 1.0), (5, 1.0), (6, 1.0)]
    assert swap_keys.thinned(step) == [(1, 0.0), (3, 0.0), (4, 1.0), (6, 1.0)]


@given(st.lists(st.tuples(st.integers(1, 20), values), min_size=1, max_size=60))
def test_the_first_showing_of_a_plate_frame_holds(shown: list[tuple[int, float]]) -> None:
    numbers, given_values = [number for number, _ in shown], [value for _, value in shown]
    found, torn = swap_keys.by_plate_frame(numbers, given_values)
    assert [number for number, _ in found] == sorted(set(numbers))
    assert all(value == given_values[numbers.index(number)] for number, value in found)
    differing = {n for n, v in shown if abs(v - given_values[numbers.index(n)]) > swap_keys.TOLERANCE}
    assert torn == sorted(differing)
