"""Whether the loss of a training runs away."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from .config import LossWeights
from .optimizers.rate_finder import DIVERGED

MEMORY = 0.02  # of the running mean: a single bad batch is no runaway
_OPPONENTS = ("adversarial", "code_adversarial")


@dataclass(frozen=True)
class Course:
    """How the loss has gone in one stage: the recipe's phase, and the side that the networks work at.

    mean: its running mean; least: the least one. Losses of other stages cannot be compared.
    """

    stage: tuple[int, float] | None = None
    mean: float = 0.0
    least: float = 0.0

    def after(self, loss: float, stage: tuple[int, float]) -> Self:
        """After another step."""
        if stage != self.stage:
            return type(self)(stage, loss, loss)
        mean = self.mean + MEMORY * (loss - self.mean)
        return type(self)(stage, mean, min(self.least, mean))

    @property
    def runs_away(self) -> bool:
        return self.mean > DIVERGED * max(self.least, 1e-6)


def without_opponents(parts: Mapping[str, Tensor], weights: LossWeights) -> Tensor:
    """What the parts of a loss come to, without the discriminators' verdicts: those go up and down as these learn."""
    counted = [getattr(weights, name, 0.0) * value for name, value in parts.items() if name not in _OPPONENTS]
    return torch.stack(counted).sum()
