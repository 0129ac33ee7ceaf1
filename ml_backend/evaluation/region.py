"""The part of a frame around a face, at a size that is enough to measure it."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.faces.regions import eye_distance, face_mask
from ml_backend.media.frame import Pixels
from ml_backend.swapping.blend import Mask, Picture, to_unit

from .metrics import Landmarks

LARGEST = 160.0  # pixels between the eye corners: more tell nothing about seams, colours and sharpness
MARGIN = 0.5  # around the landmarks, in eye distances: as far as a soft mask reaches
SMALLEST = 8  # pixels, the side of the least part that can be measured


@dataclass(frozen=True)
class Region:
    """unit: the distance of the outer eye corners in the region's pixels. points: the mesh (478×2) in them.

    lab_*: H×W×3 CIE L*a*b* of the display picture, L* 0–100. alpha, oval: H×W float32 in 0–1; the oval is the face's.
    """

    lab_plate: Picture
    lab_swap: Picture
    alpha: Mask
    oval: Mask
    points: NDArray[np.float64]
    unit: float


def region_of(plate: Pixels, swap: Pixels, alpha: Mask, landmarks: Landmarks) -> Region | None:
    """The region around a face (478×3, in the frame's pixels); None where too little of it lies in the frame."""
    unit = eye_distance(landmarks)
    points = landmarks[:, :2]
    low = np.maximum(np.floor(points.min(0) - MARGIN * unit).astype(int), 0)
    high = np.minimum(np.ceil(points.max(0) + MARGIN * unit).astype(int) + 1, alpha.shape[::-1])
    scale = min(1.0, LARGEST / unit)
    width, height = (int(side) for side in np.round((high - low) * scale))
    if min(width, height) < SMALLEST:
        return None
    part = np.s_[low[1] : high[1], low[0] : high[0]]
    # pixel centres stay pixel centres when a picture is resized
    placed = (points - low + 0.5) * (np.array([width, height]) / (high - low)) - 0.5
    return Region(
        lab_plate=_lab(plate[part], (width, height)),
        lab_swap=_lab(swap[part], (width, height)),
        alpha=_resized(alpha[part], (width, height)),
        oval=face_mask((height, width), placed),
        points=placed,
        unit=unit * scale,
    )


def _lab(image: Pixels, size: tuple[int, int]) -> Picture:
    return np.asarray(cv2.cvtColor(_resized(to_unit(image), size), cv2.COLOR_RGB2LAB), np.float32)


def _resized(image: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    if image.shape[1::-1] == size:
        return np.ascontiguousarray(image)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.float32)
