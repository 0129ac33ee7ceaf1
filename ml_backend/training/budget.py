"""How long a model is trained."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Budget:
    """How long the model is to be trained in all, counted from its beginning."""

    iterations: int | None
    seconds: float | None

    def start_of(self, part: float, iterations: int, seconds: float) -> tuple[int, float]:
        """From which iteration and second a budget counts of which `part` (0–1) is spent now."""
        if self.iterations is not None:
            iterations -= math.ceil(part * self.iterations)
        return iterations, seconds - part * self.seconds if self.seconds is not None else seconds

    def spent(self, iterations: int, seconds: float) -> float:
        """The used part, 0–1 and more."""
        parts = [0.0]
        if self.iterations is not None:
            parts.append(iterations / self.iterations)
        if self.seconds is not None:
            parts.append(seconds / self.seconds)
        return max(parts)


def make_budget(iterations: int | None, minutes: float | None, otherwise: int) -> Budget:
    """What was asked for; `otherwise` so many iterations where nothing was."""
    if iterations is None and not minutes:
        return Budget(otherwise, None)
    return Budget(iterations, minutes * 60 if minutes else None)
