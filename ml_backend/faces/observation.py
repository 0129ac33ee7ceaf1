"""A face as the tracker sees it in one frame, before anything is known of the frames that follow."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Observation:
    """Landmarks 478×3 in pixels (z relative) as measured, and the number of the tracklet that it belongs to.

    A tracklet is an unbroken piece of a track: it ends where the face is lost, where a shot is cut and where it is
    another person all of a sudden. score: 0–1. embedding: 128 numbers, on the frames on which the tracker looked who
    it is.
    """

    landmarks: NDArray[np.float64]
    score: float
    tracklet: int
    embedding: NDArray[np.float32] | None = None
