"""The course of the learning rate, and what a training without progress does to it."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from ml_backend.training.config import TrainingConfig
from ml_backend.training.optimizers.rates import GAIN, LOWEST, Plateau, rate_factor


def config(**settings: object) -> TrainingConfig:
    return TrainingConfig.model_validate({"warm_up": 9, "cool_down": 0.4, "held_out": 0.1, **settings})


def test_the_rate_rises_stays_and_falls() -> None:
    assert rate_factor(0, 0, config()) == pytest.approx(0.1)
    assert rate_factor(4, 0, config()) == pytest.approx(0.5)
    assert rate_factor(9, 0, config()) == rate_factor(1000, 0.6, config()) == 1
    assert rate_factor(1000, 0.8, config()) == pytest.approx((1 + LOWEST) / 2)
    assert rate_factor(1000, 1, config()) == rate_factor(1000, 1.5, config()) == pytest.approx(LOWEST)


def test_without_warm_up_and_cool_down_it_is_full() -> None:
    assert rate_factor(0, 1, config(warm_up=0, cool_down=0)) == 1


def test_the_other_schedules_do_not_fall_with_the_budget() -> None:
    assert rate_factor(99, 1, config(schedule="constant")) == 1
    assert rate_factor(99, 1, config(schedule="plateau"), plateau=0.25) == 0.25
    assert rate_factor(4, 1, config(schedule="plateau"), plateau=0.25) == pytest.approx(0.125)
    assert rate_factor(99, 0, config(), plateau=0.25) == 0.25


@given(st.integers(0, 10**9), st.floats(0, 5), st.sampled_from(["cosine", "constant", "plateau"]))
def test_the_rate_is_a_part_of_the_full_one(number: int, spent: float, schedule: str) -> None:
    assert 0 < rate_factor(number, spent, config(schedule=schedule)) <= 1


@given(st.floats(0, 1), st.floats(0, 1))
def test_after_the_warm_up_the_cosine_never_rises(a: float, b: float) -> None:
    early, late = sorted((a, b))
    assert rate_factor(99, early, config()) >= rate_factor(99, late, config())


def after(losses: list[float], steady: int = 3) -> Plateau:
    plateau = Plateau()
    for loss in losses:
        plateau = plateau.seen(loss, steady)
    return plateau


def test_looks_without_gain_halve_the_rate_and_are_counted() -> None:
    assert after([1.0, 0.9, 0.8]) == Plateau(best=0.8, stale=0, rested=0, factor=1, looks=3)
    assert after([1.0, 1.0, 1.0]).factor == 1
    assert after([1.0, 1.0, 1.0, 1.0]) == Plateau(best=1.0, stale=3, rested=0, factor=0.5, looks=4)
    assert after([1.0] * 7) == Plateau(best=1.0, stale=6, rested=0, factor=0.25, looks=7)
    assert after([1.0, 1.0, 1.0, 0.5, 1.0, 1.0]).factor == 1
    assert after([1.0] * 100).factor == LOWEST


def test_noise_is_no_gain_and_neither_is_a_loss_that_is_no_number() -> None:
    assert after([1.0, 1.0 - GAIN / 2]).stale == 1
    assert after([math.nan]) == Plateau(best=None, stale=1, rested=1, looks=1)
    assert after([1.0, math.nan, math.inf]).stale == 2
    assert after([math.nan, 1.0]).stale == 0


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=60), st.integers(1, 9))
def test_any_losses_give_a_state_that_json_keeps(losses: list[float], steady: int) -> None:
    plateau = after(losses, steady)
    assert LOWEST <= plateau.factor <= 1
    assert 0 <= plateau.rested < steady
    assert plateau.stale <= plateau.looks == len(losses)
    keeper = TypeAdapter(Plateau)
    assert keeper.validate_json(keeper.dump_json(plateau)) == plateau
