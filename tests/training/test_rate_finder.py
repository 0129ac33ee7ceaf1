"""Learning rates by trial, on losses that are known."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ml_backend.training.optimizers.rate_finder import (
    APART,
    COOLED,
    DIVERGED,
    FARTHEST,
    JUDGED,
    STEPS,
    choose,
    climb,
    try_rate,
)


def test_a_trial_cools_down_and_counts_what_is_reached_then() -> None:
    rates = []

    def step(number: int, rate: float) -> float:
        rates.append(rate)
        return float(STEPS - number)

    assert try_rate(0.5, step) == pytest.approx((JUDGED + 1) / 2)
    assert rates[: STEPS - COOLED + 1] == [0.5] * (STEPS - COOLED + 1)
    assert rates[-1] == pytest.approx(0.5 / COOLED)
    assert sorted(rates, reverse=True) == rates


@pytest.mark.parametrize("explodes_to", [1.01 * DIVERGED, math.inf, math.nan])
def test_a_trial_that_explodes_ends(explodes_to: float) -> None:
    steps = []

    def step(number: int, rate: float) -> float:
        steps.append(number)
        return explodes_to if number == 7 else 1.0

    assert try_rate(1e-3, step) == math.inf
    assert steps == list(range(8))


@given(st.floats(1e-6, 0.1), st.floats(1e-8, 1.0))
def test_it_climbs_to_the_best_rate_that_is_near(present: float, best: float) -> None:
    reached = climb(present, lambda rate: abs(math.log(rate / best)) + 1)
    assert list(reached) == sorted(reached)
    nearest = min(max(best, present / APART**FARTHEST), present * APART**FARTHEST)
    chosen = choose(present, 100.0, reached)
    assert chosen is not None
    assert abs(math.log(chosen / nearest)) <= math.log(APART) / 2 + 0.05


def test_the_rate_of_the_settings_stays_where_no_other_is_clearly_better() -> None:
    assert choose(1e-3, 0.2, {3e-4: 0.0995, 1e-3: 0.1, 3e-3: math.inf}) == 1e-3
    assert choose(1e-3, 0.2, {3e-4: 0.09, 1e-3: 0.1}) == 3e-4
    assert choose(1e-3, 0.2, {3e-4: 0.15, 1e-3: math.inf}) == 3e-4
    assert choose(1e-3, 0.2, {3e-4: math.inf, 1e-3: math.inf}) is None
    assert choose(1e-3, 0.1, {3e-4: 0.0995, 1e-3: 0.11}) is None


def test_it_finds_a_rate_that_trains() -> None:
    torch.manual_seed(1)
    inputs = torch.randn(64, 8)
    targets = inputs @ torch.randn(8, 1)

    def trial(rate: float) -> float:
        weights = torch.zeros(8, 1, requires_grad=True)

        def step(number: int, rate: float) -> float:
            loss = (inputs @ weights - targets).square().mean()
            (gradient,) = torch.autograd.grad(loss, weights)
            with torch.no_grad():
                weights.sub_(rate * gradient)
            return float(loss.detach())

        return try_rate(rate, step)

    reached = climb(1e-2, trial)
    assert choose(1e-2, trial(0.0), reached) == max(reached)
    assert climb(100.0, trial)[100.0] == math.inf
