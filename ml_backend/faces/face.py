"""One face in one frame."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Face:
    """Landmarks 478×3 in pixels (z relative), score 0–1, the number of its track in the source.

    interpolated: it was not seen in this frame, its place is known from the frames around. repaired: an artist has
    corrected it.
    """

    landmarks: NDArray[np.float64]
    score: float
    track: int
    interpolated: bool = False
    repaired: bool = False

    @property
    def box(self) -> tuple[float, float, float, float]:
        """x0, y0, x1, y1 around the landmarks."""
        low, high = self.landmarks[:, :2].min(0), self.landmarks[:, :2].max(0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])
