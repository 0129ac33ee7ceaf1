"""What is known of each frame."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .over_time import changes, off_neighbours

Box = tuple[float, float, float, float]


@dataclass
class Row:
    """painted: how many faces the swap replaced. plate_face, swap_face: x, y, width, height of the face, in pixels.

    figures: those that could be measured, by their names. offset: mean L*a*b* of the swap minus the plate's.
    """

    frame: int
    painted: int
    plate_face: Box | None = None
    swap_face: Box | None = None
    figures: dict[str, float] = field(default_factory=dict)
    offset: NDArray[np.float64] | None = None

    def get(self, key: str) -> float | None:
        """A figure; None where it was not measured or has no finite value (the PSNR of two pictures that are equal)."""
        value = self.figures.get(key)
        return value if value is not None and math.isfinite(value) else None

    def finite(self) -> dict[str, float | None]:
        """The figures, rounded for people and JSON, which knows no infinity."""
        return {key: None if (value := self.get(key)) is None else round(value, 6) for key in self.figures}


def add_changes(rows: Sequence[Row]) -> None:
    """Add what only the neighbours tell: flicker of brightness and colour, and the change of the mask."""
    frames = [row.frame for row in rows]
    # what the plate does itself, such as a lamp that is switched on, is in both and no flicker of the swap
    for row, off in zip(rows, off_neighbours(frames, [row.offset for row in rows]), strict=True):
        if off is not None:
            row.figures["flicker_brightness"] = float(off[0])
            row.figures["flicker_colour"] = float(np.hypot(off[1], off[2]))
    for row, change in zip(rows, changes(frames, [row.get("coverage") for row in rows]), strict=True):
        if change is not None:
            row.figures["coverage_change"] = change
