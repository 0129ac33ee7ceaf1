"""What a recipe's phases ask for at any moment of a training."""

import math
from collections.abc import Sequence

from .config import Phase

FADE = 0.5  # part of a phase in which a progressive network's new pixels fade in


def phase_at(recipe: Sequence[Phase], spent: float) -> tuple[int, Phase]:
    """The phase in which `spent` (0–1) of the budget lies, and its place in the recipe."""
    for number, phase in enumerate(recipe):
        if spent < phase.until:
            return number, phase
    return len(recipe) - 1, recipe[-1]


def turns(recipe: Sequence[Phase], cool_down: float) -> list[float]:
    """The parts of the budget (0–1) at which a training begins to go otherwise: its phases, and its cool-down."""
    return sorted({part for part in (*(phase.until for phase in recipe), 1 - cool_down) if 0 < part < 1})


def side_at(recipe: Sequence[Phase], spent: float, resolution: int) -> float:
    """The side that a progressive network works at: between two powers of two, the larger one is fading in.

    A phase without a side has that of the whole network; one with the side of the phase before begins without a fade.
    """
    number, phase = phase_at(recipe, spent)
    side = phase.resolution or resolution
    if number == 0:
        return float(side)
    before = recipe[number - 1].resolution or resolution
    begin = recipe[number - 1].until
    faded = min(1.0, (spent - begin) / (phase.until - begin) / FADE)
    return float(2 ** (math.log2(before) + faded * (math.log2(side) - math.log2(before))))
