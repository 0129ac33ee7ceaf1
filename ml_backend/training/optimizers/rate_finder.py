"""Finds a learning rate: tries rates from too small to too large, and looks where the loss falls fastest.

Source: Smith, "Cyclical Learning Rates for Training Neural Networks", 2017 (the range test of 2015); smoothed as in
Gugger's fast.ai notes of 2018.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LOWEST, HIGHEST = 1e-6, 1e-1
STEPS = 150
MEMORY = 0.9  # how much of the smoothed loss stays in a step
DIVERGED = 4.0  # so many times the lowest loss, and larger rates need not be tried
SETTLED = 10  # first steps, whose smoothed loss is that of too few
TENTH = 10.0
FALL = 0.03  # part of the first loss that must be gained for a fall to be more than noise


@dataclass(frozen=True)
class RateTest:
    """What a range test saw: each rate that was tried, and the loss of the step at it."""

    rates: tuple[float, ...]
    losses: tuple[float, ...]


@dataclass(frozen=True)
class Suggestion:
    """steepest: the rate at which the loss fell fastest. tenth: a tenth of the rate of the lowest loss.

    rate: the smaller of the two, which is the one to take. diverged: whether the loss went up again: if not, larger
    rates may be good too.
    """

    rate: float
    steepest: float
    tenth: float
    diverged: bool


def try_rates(
    step: Callable[[int, float], float], lowest: float = LOWEST, highest: float = HIGHEST, steps: int = STEPS
) -> RateTest:
    """Call `step(number, rate)`, which makes a step at that rate and returns its loss, with ever larger rates.

    The steps change what they train: give a copy. Stops where the smoothed loss is `DIVERGED` times its minimum, or is
    no number any more.
    """
    rates: list[float] = []
    losses: list[float] = []
    mean, least = 0.0, math.inf
    for number in range(steps):
        rate = lowest * (highest / lowest) ** (number / max(steps - 1, 1))
        loss = step(number, rate)
        rates.append(rate)
        losses.append(loss)
        if not math.isfinite(loss):
            break
        mean = MEMORY * mean + (1 - MEMORY) * loss
        smooth = mean / (1 - MEMORY ** (number + 1))
        least = min(least, smooth)
        if number >= SETTLED and smooth - least > (DIVERGED - 1) * abs(least):
            break
    return RateTest(tuple(rates), tuple(losses))


def suggest(rates: Sequence[float], losses: Sequence[float]) -> Suggestion | None:
    """The learning rate to take, from a range test's rates (rising) and losses; None where no rate made them fall.

    What comes after a loss that is no number does not count.
    """
    count = next((k for k, loss in enumerate(losses) if not math.isfinite(loss)), len(losses))
    if count < SETTLED // 2:
        return None
    smooth = _smoothed(np.asarray(losses[:count], np.float64))
    lowest = int(np.argmin(smooth))
    fall = smooth[0] - smooth[lowest]
    if lowest == 0 or fall <= FALL * abs(smooth[0]):
        return None
    slopes = np.gradient(smooth[: lowest + 1], np.log(np.asarray(rates[: lowest + 1], np.float64)))
    steepest = float(rates[int(np.argmin(slopes))])
    tenth = float(rates[lowest]) / TENTH
    rose = count < len(losses) or bool(smooth[-1] - smooth[lowest] > abs(smooth[lowest]))
    return Suggestion(min(steepest, tenth), steepest, tenth, rose)


def _smoothed(losses: NDArray[np.float64]) -> NDArray[np.float64]:
    """A Gaussian mean over a twentieth of the steps both ways: unlike a running one, it does not lag behind."""
    sigma = max(len(losses) / 20 / 2, 1.0)
    offsets = np.arange(len(losses))
    weights = np.exp(-(((offsets[:, None] - offsets) / sigma) ** 2) / 2)
    means: NDArray[np.float64] = weights @ losses / weights.sum(axis=1)
    return means
