"""The learning rate over a training, and what a training without progress does to it."""

import math
from dataclasses import dataclass, replace
from typing import Literal, Protocol, Self

LOWEST = 0.02  # what is left of the rate at the end of the cool-down
GAIN = 1e-3  # a loss counts as better where it is lower by this part: less is the noise of two looks
HALF = 0.5
STEADY_LOOKS = 5  # looks without gain before schedule=plateau halves the rate


class Schedule(Protocol):
    """What of a TrainingConfig decides the rate."""

    @property
    def schedule(self) -> Literal["cosine", "constant", "plateau"]: ...
    @property
    def warm_up(self) -> int: ...
    @property
    def cool_down(self) -> float: ...


def rate_factor(number: int, spent: float, config: Schedule, plateau: float = 1.0) -> float:
    """The part of the full learning rate at step `number` (from 0), at `spent` (0–1) of the budget.

    A linear warm-up; then cosine: full, and half a cosine down to 2 % in the last part of the budget (Loshchilov and
    Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017); else: full. All of it times `plateau`, which
    a training without progress lowers.
    """
    rise = plateau * min(1.0, (number + 1) / (config.warm_up + 1))
    if config.schedule != "cosine" or config.cool_down == 0 or spent <= 1 - config.cool_down:
        return rise
    fall = min(1.0, (spent - 1 + config.cool_down) / config.cool_down)
    return rise * (LOWEST + (1 - LOWEST) * (1 + math.cos(math.pi * fall)) / 2)


@dataclass(frozen=True)
class Plateau:
    """How the looks at the held-out faces went.

    best: the lowest loss seen (None before the first look), and at: in which iteration; stale: looks since then without
    gain; rested: looks without gain since the factor was last lowered; factor: of the learning rate; looks: how many
    there were. All but these are of one stage: the recipe's phase, and the side that the networks work at, since losses
    of others cannot be compared.
    """

    best: float | None = None
    stale: int = 0
    rested: int = 0
    factor: float = 1.0
    looks: int = 0
    at: int = 0
    stage: tuple[int, float] = (0, 0.0)

    def anew(self, stage: tuple[int, float]) -> Self:
        """The same where `stage` is the one that was looked at before, else as before its first look."""
        return self if stage == self.stage else type(self)(looks=self.looks, stage=stage)

    def seen(self, loss: float, steady: int = STEADY_LOOKS, lowest: float = LOWEST, *, at: int = 0) -> Self:
        """After another look, in iteration `at`.

        `steady` looks without gain halve the factor, which never falls below `lowest`. A loss that is no number is no
        gain.
        """
        better = math.isfinite(loss) and (self.best is None or loss < self.best - GAIN * abs(self.best))
        if better:
            return replace(self, best=loss, at=at, stale=0, rested=0, looks=self.looks + 1)
        tired = self.rested + 1 >= steady
        return replace(
            self,
            stale=self.stale + 1,
            rested=0 if tired else self.rested + 1,
            factor=max(lowest, self.factor * HALF) if tired else self.factor,
            looks=self.looks + 1,
        )
