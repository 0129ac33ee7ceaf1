"""A length for each side of the face, so that one edge of a mask can be moved without the others."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Sides:
    """Lengths in distances of the outer eye corners, measured on the canonical face: they turn with the head.

    top is the forehead, bottom the chin. left and right are the viewer's, of a face that stands upright: left is the
    left of the picture and the performer's own right cheek, and stays with that cheek when the head tilts.
    """

    top: float
    bottom: float
    left: float
    right: float

    @classmethod
    def even(cls, length: float) -> "Sides":
        return cls(length, length, length, length)

    def at(self, shares: NDArray[np.float32]) -> NDArray[np.float32]:
        """The lengths (N) where the sides have these shares (N×4: top, bottom, left, right; each row sums to 1)."""
        lengths = np.array([self.top, self.bottom, self.left, self.right], np.float32)
        if (lengths == lengths[0]).all():
            return np.full(len(shares), lengths[0], np.float32)
        return np.asarray(shares @ lengths, np.float32)


def side_shares(points: NDArray[np.float64], depth: NDArray[np.float32]) -> NDArray[np.float32]:
    """N×4 shares of top, bottom, left and right at N×2 points of the face seen from the front (x right, y down).

    Round the outline a side passes into the next one as cos² into sin², so there is no seam at the corners. In the
    middle, where there is no direction, all sides count alike. depth (N): how far inside the outline a point lies.
    """
    low, high = points.min(0), points.max(0)
    x, y = ((points - (low + high) / 2) / ((high - low) / 2)).T
    inner = 0.5 * (depth / depth.max()) ** 4  # the fourth power: next to nothing where edges usually lie
    towards = np.stack([np.minimum(y, 0), np.maximum(y, 0), np.minimum(x, 0), np.maximum(x, 0)], 1) ** 2
    shares: NDArray[np.float32] = ((towards + inner[:, None] / 4) / (x * x + y * y + inner)[:, None]).astype(np.float32)
    return shares
