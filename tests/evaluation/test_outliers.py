"""What stands out, and what does not."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_backend.evaluation.outliers import FEWEST, Outlier, glitches, median, outliers, peaks, stand_out

values = st.lists(st.floats(-0.5, 0.5), min_size=FEWEST, max_size=40)


@given(values, st.floats(-100, 100))
def test_a_calm_shot_has_no_outliers(noise: list[float], level: float) -> None:
    assert stand_out([level + value for value in noise], 1.001) == {}


@given(st.lists(st.integers(-5, 5), min_size=FEWEST, max_size=30), st.integers(-50, 50), st.data())
def test_a_level_that_all_share_changes_nothing(shot: list[int], level: int, data: st.DataObject) -> None:
    shot[data.draw(st.integers(0, len(shot) - 1))] += 60
    plain, moved = outliers(shot, 1.0), outliers([value + level for value in shot], 1.0)
    assert plain.keys() == moved.keys()
    assert all(moved[n].times == pytest.approx(plain[n].times) for n in plain)


def test_the_spike_is_found_with_how_far_it_is() -> None:
    shot = [2.0] * 20
    shot[7] = 5.0
    assert outliers(shot, 1.5) == {7: Outlier(2.0, 2.0)}
    assert outliers(shot, 3.0) == {}, "just the floor is no outlier"
    shot[9] = -5.0
    assert outliers(shot, 1.5).keys() == {7}, "only what is too high counts"


def test_noise_raises_what_is_allowed() -> None:
    rng = np.random.default_rng(1)
    noise = rng.normal(0, 1, 500)
    assert outliers(noise.tolist(), 0.1) == {}
    noise[200] = 8
    assert outliers(noise.tolist(), 0.1).keys() == {200}


def test_a_glitch_in_a_drifting_shot_is_found_only_against_its_neighbours() -> None:
    shot: list[float | None] = [float(n) for n in range(40)]
    shot[10] = 16.0
    assert outliers(shot, 2.0) == {}
    assert glitches(shot, 2.0) == {10: Outlier(3.0, 10.0)}
    assert stand_out(shot, 2.0).keys() == {10}


def test_few_or_unknown_values_have_none() -> None:
    assert outliers([0.0] * 6 + [9.0], 1.0) == {}
    assert outliers([None] * 30 + [9.0], 1.0) == {}
    assert stand_out([], 1.0) == {}
    assert outliers([None, *[0.0] * 9, 9.0], 1.0).keys() == {10}


def test_of_neighbours_the_highest_is_the_peak() -> None:
    times = {3: 1.2, 4: 2.5, 5: 1.3, 9: 1.1, 12: 2.0, 13: 2.0}
    assert peaks({n: Outlier(value, 0.0) for n, value in times.items()}).keys() == {4, 9, 13}


def test_the_median_knows_gaps() -> None:
    assert median([3.0, None, 1.0, 2.0]) == 2.0
    assert median([None]) is None
    assert median([]) is None
    assert not math.isnan(median([1.0]) or 0)
