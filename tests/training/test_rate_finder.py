"""The range test of learning rates, on curves that are known."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ml_backend.training.optimizers.rate_finder import DIVERGED, HIGHEST, LOWEST, suggest, try_rates

RATES = np.geomspace(LOWEST, HIGHEST, 150)


def curve(falls_at: float, rises_at: float | None, noise: float = 0.0) -> list[float]:
    """A loss that falls from 1 to 0.2 around one rate and explodes beyond another."""
    loss = 1 - 0.8 / (1 + (falls_at / RATES) ** 2)
    if rises_at is not None:
        loss = loss + (RATES / rises_at) ** 4
    return list(loss * np.exp(np.random.default_rng(1).normal(scale=noise, size=len(loss))))


@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_a_curve_with_a_fall_and_a_rise(noise: float) -> None:
    found = suggest(RATES, curve(1e-3, 3e-2, noise))
    assert found is not None
    assert found.diverged
    assert 3e-4 < found.steepest < 3e-3
    assert 3e-4 < found.tenth < 3e-3
    assert found.rate == min(found.steepest, found.tenth)


def test_a_loss_that_only_falls_says_that_larger_rates_may_do() -> None:
    found = suggest(RATES, curve(1e-3, None))
    assert found is not None
    assert not found.diverged
    assert 3e-4 < found.steepest < 3e-3


def test_what_comes_after_a_number_that_is_none_does_not_count() -> None:
    losses = curve(1e-4, None)
    cut = losses[:110] + [math.nan] + [0.0] * 39
    found = suggest(RATES, cut)
    assert found is not None
    assert found.diverged
    assert found.tenth <= RATES[109] / 10


@pytest.mark.parametrize("losses", [[], [1.0], [math.nan] * 150, [1.0] * 150, [1.0 + k for k in range(150)]])
def test_where_nothing_falls_nothing_is_suggested(losses: list[float]) -> None:
    assert suggest(RATES, losses) is None


def test_noise_is_no_fall() -> None:
    assert suggest(RATES, list(1 + 0.02 * np.random.default_rng(2).normal(size=150))) is None


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True, width=32), max_size=80))
def test_any_losses_give_a_rate_that_was_tried_or_none(losses: list[float]) -> None:
    found = suggest(RATES, losses)
    assert found is None or LOWEST / 10 <= found.rate <= found.steepest <= HIGHEST


def test_the_rates_rise_evenly_and_the_test_ends_where_it_diverges() -> None:
    tried = try_rates(lambda number, rate: 1 - min(rate * 500, 0.5) if rate < 1e-2 else 1000.0)
    assert tried.rates[0] == LOWEST
    assert np.allclose(np.diff(np.log(tried.rates)), math.log(HIGHEST / LOWEST) / 149)
    assert tried.losses[-1] > DIVERGED
    assert len(tried.rates) < 125
    assert math.isnan(try_rates(lambda number, rate: math.nan).losses[0])
    assert len(try_rates(lambda number, rate: 1.0, steps=20).rates) == 20


def test_it_finds_a_rate_that_trains() -> None:
    torch.manual_seed(1)
    inputs = torch.randn(64, 8)
    targets = inputs @ torch.randn(8, 1)
    weights = torch.zeros(8, 1, requires_grad=True)

    def step(number: int, rate: float) -> float:
        loss = (inputs @ weights - targets).square().mean()
        (gradient,) = torch.autograd.grad(loss, weights)
        with torch.no_grad():
            weights.sub_(rate * gradient)
        return float(loss.detach())

    tried = try_rates(step, 1e-4, 10, 120)
    found = suggest(tried.rates, tried.losses)
    assert found is not None
    assert found.diverged
    assert 1e-3 < found.rate < 0.5
