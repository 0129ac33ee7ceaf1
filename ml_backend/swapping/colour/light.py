"""The map that lays the plate's shading on the made face: a factor for every place.

The idea of Naruniec et al., "High-Resolution Neural Face Swapping for Visual Effects", 2020: the low frequencies are
the plate's, the detail is the made face's.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from .affine import BRIGHTEN
from .statistics import Picture, Weights

FIELD = 24  # side of the field of factors
SIGMA = 0.14  # of the crop's side: what varies over more than this is taken for light
FAR = 1e-3  # of a full weight: where the blur finds less, nothing is known of the place
DARK = 1e-2  # a brightness to divide by is no darker


def measure_light(made: Picture, plate: Picture, weights: Weights) -> NDArray[np.float32]:
    """FIELD×FIELD×3 factors over the whole crop."""
    spread = _blur(_shrink(weights))[..., None]
    low_made, low_plate = (_low(image * weights[..., None], spread, weights) for image in (made, plate))
    return np.clip(low_plate / np.maximum(low_made, DARK), 0, BRIGHTEN).astype(np.float32)


def apply_light(made: Picture, parameters: NDArray[np.float32]) -> Picture:
    """The picture H×W×3 times the field, stretched over it."""
    size = (made.shape[1], made.shape[0])
    factors = np.asarray(cv2.resize(parameters, size, interpolation=cv2.INTER_CUBIC), np.float32)
    return made * factors


def _low(weighted: Picture, spread: NDArray[np.float32], weights: Weights) -> NDArray[np.float32]:
    """The local mean of a picture that is multiplied by its weights; far from all weights the mean of all."""
    mean = weighted.sum((0, 1)) / weights.sum()
    return np.asarray((_blur(_shrink(weighted)) + FAR * mean) / (spread + FAR), np.float32)


def _shrink(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """The picture H×W(×3) on FIELD×FIELD."""
    return np.asarray(cv2.resize(image, (FIELD, FIELD), interpolation=cv2.INTER_AREA), np.float32)


def _blur(field: NDArray[np.float32]) -> NDArray[np.float32]:
    blurred = cv2.GaussianBlur(field, (0, 0), SIGMA * FIELD, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(blurred, np.float32)
