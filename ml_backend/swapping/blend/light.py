"""The made face's detail on the plate's light: its low frequencies and its contrast are the plate's.

After Naruniec, Helminger, Schroers and Weber, "High-Resolution Neural Face Swapping for Visual Effects", 2020, whose
blending keeps the plate's contrast and low-frequency light. Here what is low and how strong the contrast is are
measured under the mask only, so that neither hair nor background flows into the face.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from .pictures import Mask, Picture, resize, scaled

SIGMA = 0.25  # in eye distances: what varies over more than this is taken for light
WORK_SCALE = 32.0  # pixels between the eye corners at which light and contrast are measured
LEAST = 1e-6  # weights and variances below this are nothing
CONTRAST = 1.5  # the most by which contrast is raised or lowered: a flat face is not blown up


def relight(plate: Picture, made: Picture, mask: Mask, unit: float) -> Picture:
    """The made face (H×W×3) in the light and contrast that the plate (H×W×3) has under a mask (H×W); can leave 0–1.

    unit: the distance of the outer eye corners in pixels. A made face that differs from the plate by a factor and an
    offset in every channel comes out as the plate, as far as the factor is no more than `CONTRAST`.
    """
    scale = min(1.0, WORK_SCALE / unit)
    size = scaled(mask, scale)
    weights, below, above = (resize(image, size) for image in (mask, plate, made))
    if weights.sum() < LEAST:
        return made
    sigma = max(SIGMA * unit * scale, 0.5)
    low_below, low_above = _low(below, weights, sigma), _low(above, weights, sigma)
    gain = np.sqrt(_variance(below - low_below, weights) / _variance(above - low_above, weights))
    gain = gain.clip(1 / CONTRAST, CONTRAST)
    shift = resize(low_below - gain * low_above, (mask.shape[1], mask.shape[0]))
    return np.asarray(made * gain + shift, np.float32)


def _low(image: Picture, weights: Mask, sigma: float) -> Picture:
    """The weighted local mean of every channel: a blur that sees only what lies under the weights."""
    total = _blur(image * weights[..., None], sigma)
    return np.asarray(total / np.maximum(_blur(weights, sigma), LEAST)[..., None], np.float32)


def _blur(image: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT), np.float32)


def _variance(detail: Picture, weights: Mask) -> NDArray[np.float32]:
    """Of each channel under the weights, never quite 0."""
    mean = (np.square(detail) * weights[..., None]).sum((0, 1)) / weights.sum()
    return np.asarray(mean + np.float32(LEAST), np.float32)
