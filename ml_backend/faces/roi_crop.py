"""Between the pixels of a picture and those of the crop that a square cuts out of it."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .roi import Roi


def roi_to_image(roi: Roi, size: int) -> NDArray[np.float64]:
    """The 2×3 matrix from the pixels of a square's size×size crop to those of the picture."""
    cos, sin = math.cos(roi.angle) * roi.side / size, math.sin(roi.angle) * roi.side / size
    middle = (size - 1) / 2
    return np.array(
        [[cos, -sin, roi.x - (cos - sin) * middle], [sin, cos, roi.y - (sin + cos) * middle]], dtype=np.float64
    )


def points_in_image(points: NDArray[np.float64], rois: Sequence[Roi], size: int) -> NDArray[np.float64]:
    """N×P×2 or N×P×3 points of N size×size crops, counted from the crop's edge, in pixels of the picture.

    z grows with the square and does not turn.
    """
    squares = np.asarray(rois, np.float64)
    cos, sin = np.cos(squares[:, 3]), np.sin(squares[:, 3])
    turn = np.stack([cos, sin, -sin, cos], 1).reshape(-1, 2, 2)
    moved = points.copy()
    moved[:, :, :2] = (moved[:, :, :2] - size / 2) @ turn
    moved *= (squares[:, 2] / size)[:, None, None]
    moved[:, :, :2] += squares[:, None, :2]
    return moved
