"""Frames with those around them, and weights that delay nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_backend.swapping.around import around, symmetric_weights


@given(st.sets(st.integers(0, 60)), st.integers(1, 7))
def test_every_frame_comes_once_with_all_that_are_near(numbers: set[int], reach: int) -> None:
    stream = [(number, -number) for number in sorted(numbers)]
    got = [(number, dict(near)) for number, near in around(iter(stream), reach)]
    assert [number for number, _ in got] == sorted(numbers)
    for number, near in got:
        assert near == {other: -other for other in numbers if abs(other - number) <= reach}


def test_few_frames_are_in_memory_at_once() -> None:
    taken = 0

    def stream():
        nonlocal taken
        for number in range(100):
            taken += 1
            yield number, number

    for number, near in around(stream(), 3):
        assert taken <= number + 5
        assert len(near) <= 7


@given(st.sets(st.integers(-8, 8)), st.floats(0, 4))
def test_weights_are_symmetric_and_sum_to_one(others: set[int], sigma: float) -> None:
    weights = symmetric_weights(0, others | {0}, sigma)
    assert sum(weights.values()) == pytest.approx(1)
    assert all(weights[frame] == weights[-frame] for frame in weights)
    assert weights.keys() <= others | {0}
    assert max(weights.values()) == weights[0]


def test_a_gap_ends_the_mean_on_both_sides() -> None:
    assert symmetric_weights(5, {1, 2, 4, 5, 6, 7, 8}, 2).keys() == {4, 5, 6}
    assert symmetric_weights(5, {5, 6, 7}, 2) == {5: 1}
    assert symmetric_weights(5, range(10), 0) == {5: 1}
