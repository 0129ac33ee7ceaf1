"""Finds a learning rate by trial: the same steps from the same state at one rate after the other.

A range test (Smith, "Cyclical Learning Rates for Training Neural Networks", 2017) is no judge here: the loss of a face
falls at any rate, fastest at the first that are tried. Each trial ends as a training does, with a rate that falls to
nothing, and counts what is reached then.
"""

import math
from collections.abc import Callable, Mapping

import numpy as np

STEPS = 80  # of a trial
COOLED = 40  # the last of them, in which the rate falls to nothing
JUDGED = 10  # the last of them, whose loss counts
APART = 3.0  # times: what a trial of so few steps can tell apart
FARTHEST = 2  # times that: farther off the rate of the settings a short trial is no reason to go
CLEARLY = 0.01  # of the loss: less is no difference
DIVERGED = 4.0  # times the first loss, and the rest of a trial need not be made


def try_rate(rate: float, step: Callable[[int, float], float]) -> float:
    """What is reached at a rate: the mean loss of the last steps, infinite where it explodes.

    step: makes the step of that number (from 0) at the rate that it is given, and returns its loss.
    """
    losses: list[float] = []
    for number in range(STEPS):
        losses.append(step(number, rate * min(1.0, (STEPS - number) / COOLED)))
        if not losses[-1] < DIVERGED * max(losses[0], 1e-6):
            return math.inf
    return float(np.mean(losses[-JUDGED:]))


def climb(present: float, trial: Callable[[float], float]) -> dict[float, float]:
    """The rates that were tried, rising, and what each reached: from the one of the settings on, both ways, until it
    gets no better, or far from the settings."""
    reached = {present: trial(present)}
    for factor in (APART, 1 / APART):
        before = present
        for n in range(1, FARTHEST + 1):
            rate = present * factor**n
            reached[rate] = trial(rate)
            if not reached[rate] < reached[before]:
                break
            before = rate
    return dict(sorted(reached.items()))


def choose(present: float, standing: float, reached: Mapping[float, float]) -> float | None:
    """The rate that reached the least loss; that of the settings where none is clearly better. None where no rate
    reaches clearly less than `standing`, the loss of a model that learns nothing: such a trial tells nothing."""
    best = min(reached, key=lambda rate: reached[rate])
    if not reached[best] < (1 - CLEARLY) * standing:
        return None
    return present if reached[present] <= (1 + CLEARLY) * reached[best] else best
