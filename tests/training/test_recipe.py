"""Phases, and the sides that a progressive network grows through."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_backend.training.config import Phase
from ml_backend.training.presets import PRESETS
from ml_backend.training.recipe import phase_at, side_at

THREE = (Phase(until=0.5, resolution=32), Phase(until=0.8, resolution=64), Phase(until=1))


@pytest.mark.parametrize(("spent", "number"), [(0, 0), (0.499, 0), (0.5, 1), (0.79, 1), (0.8, 2), (1, 2), (1.3, 2)])
def test_a_phase_ends_where_it_says(spent: float, number: int) -> None:
    assert phase_at(THREE, spent) == (number, THREE[number])


@pytest.mark.parametrize(
    ("spent", "side"), [(0, 32), (0.5, 32), (0.575, 32 * 2**0.5), (0.65, 64), (0.8, 64), (0.85, 64 * 2), (0.95, 256)]
)
def test_a_new_side_fades_in_over_half_of_its_phase(spent: float, side: float) -> None:
    assert side_at(THREE, spent, 256) == pytest.approx(side)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=8).map(sorted))
def test_sides_never_shrink_in_any_preset(times: list[float]) -> None:
    for config in PRESETS.values():
        sides = [side_at(config.recipe, spent, config.architecture.resolution) for spent in times]
        assert sides == sorted(sides)
        assert sides[-1] <= config.architecture.resolution


def test_every_preset_ends_at_its_full_side() -> None:
    for config in PRESETS.values():
        assert side_at(config.recipe, 1, config.architecture.resolution) == config.architecture.resolution
