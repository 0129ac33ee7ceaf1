"""Figures that need the frames before and after: trembling, flicker and a mask that breathes."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def off_neighbours(
    frames: Sequence[int], values: Sequence[NDArray[np.float64] | None]
) -> list[NDArray[np.float64] | None]:
    """How far each value is from the middle between the one before and the one after; even change has none.

    None where a neighbour is missing, or is not the next frame.
    """
    off: list[NDArray[np.float64] | None] = [None] * len(values)
    for n in range(1, len(values) - 1):
        before, now, after = values[n - 1 : n + 2]
        if before is None or now is None or after is None or frames[n + 1] - frames[n - 1] != 2:
            continue
        off[n] = now - (before + after) / 2
    return off


def changes(frames: Sequence[int], values: Sequence[float | None]) -> list[float | None]:
    """The change from the frame before as a part of the larger of the two, −1 to 1; None where one is missing."""
    found: list[float | None] = [None] * len(values)
    for n in range(1, len(values)):
        before, now = values[n - 1], values[n]
        if before is None or now is None or frames[n] != frames[n - 1] + 1:
            continue
        larger = max(before, now)
        found[n] = (now - before) / larger if larger > 0 else 0.0
    return found
