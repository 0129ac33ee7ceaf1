"""How sharp a face is, apart from its resolution, its light and its noise."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from .regions import face_mask

_EYES = 80.0  # the distance of the outer eye corners, in pixels, at which every face is measured
_FINE, _COARSE = 1.0, 2.5  # σ of the two blurs, in these pixels
_EDGES = 0.1  # the part of the face's pixels with the strongest gradients: eyes, brows, lips, nostrils
_PIXEL = 1 / math.sqrt(12)  # σ of the light that one pixel gathers, in its widths
SHARPEST = 200.0


def sharpness(grey: NDArray[np.float32], points: NDArray[np.float64], eyes: float, pixel: float = 1.0) -> float:
    """How many widths of its blur go into the distance of the eyes: 0–200; 50 is a soft picture, 25 a blurred one.

    grey: H×W luminance, points: the mesh (478×2) in its pixels, eyes: the outer eye corners' distance in pixels
    without foreshortening, pixel: how many of these pixels the picture's own pixels were wide where it has been
    enlarged.

    The face is blurred a little (which takes noise and the blocks of JPEG out) and a little more. An edge's
    gradient falls the less the blurrier it was: the energy of an edge of width σ after a blur s goes as
    1/√(σ² + s²), and σ follows from the ratio of the two energies. A ratio does not know contrast nor brightness.
    What the pixels' own width adds is taken off again, so that a small face is small and not blurred. Across and
    down are measured apart and the worse one counts, as a moving face is blurred in one of them only. Blurs wider than
    a twentieth of the eye distance come out too sharp, in the right order.
    Source: Zhuo & Sim, "Defocus map estimation from a single image", 2011, on the edges of the whole face at once.
    """
    scale = _EYES / eyes
    size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
    even = cv2.resize(grey, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    mask = face_mask((size[1], size[0]), (points + 0.5) * scale - 0.5) > 0.5
    inside = cv2.erode(mask.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0  # the outline is hair and background
    if inside.sum() < 1 / _EDGES:
        return 0.0
    fine, coarse = (np.asarray(cv2.GaussianBlur(even, (0, 0), s), np.float32) for s in (_FINE, _COARSE))
    own = _PIXEL * max(pixel, 1.0) * scale
    widest = max(_width(_across(fine, axis)[inside], _across(coarse, axis)[inside]) for axis in (0, 1))
    return 1 / max(math.sqrt(max(widest**2 - own**2, 0.0)) / _EYES, 1 / SHARPEST)


def _across(image: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """The squared gradient across (axis 1) or down (axis 0)."""
    return np.asarray(cv2.Scharr(image, cv2.CV_32F, int(axis == 1), int(axis == 0)) ** 2, np.float32)


def _width(fine: NDArray[np.float32], coarse: NDArray[np.float32]) -> float:
    """σ of the blur in pixels, from the squared gradients (N) after the two blurs."""
    strong = coarse >= np.quantile(coarse, 1 - _EDGES)
    below = float(coarse[strong].sum())
    if below <= 0:  # a surface of one colour
        return _EYES
    ratio = (float(fine[strong].sum()) / below) ** 2
    if ratio <= 1:
        return _EYES
    return min(math.sqrt(max((_COARSE**2 - ratio * _FINE**2) / (ratio - 1), 0.0)), _EYES)
