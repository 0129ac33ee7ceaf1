"""Blend gradients instead of colours: the made face takes the plate's colours at its edge, and no seam is left.

After Pérez, Gangnet and Blake, "Poisson Image Editing", 2003. Under a soft mask the gradients of plate and made face
are mixed by it, and the plate holds where the mask ends. The usual way takes the plate's colours from one line of
pixels, and flickers with each hair that the line crosses.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from .multigrid import NEIGHBOURS, solve
from .pictures import Mask, Picture, resize, scaled

WORK_SCALE = 96.0  # pixels between the eye corners at which the correction is solved: it is smooth


def poisson(plate: Picture, made: Picture, mask: Mask, unit: float) -> tuple[Picture, Mask]:
    """Colour H×W×3 (it can leave 0–1) and alpha H×W of the made face (H×W×3) in the plate (H×W×3) under a mask (H×W).

    unit: the distance of the outer eye corners in pixels.

    With D = made − plate, what is added to the plate is d with Δd = div(mask ∇D) under the mask and 0 where the mask
    is 0. At the rectangle's border d is held as `solve` says, so a face that is cut there does not fade to the plate.
    It is solved as d = mask · D + c: the correction c has its sources only where the mask rises, and is smooth enough
    to be solved at a smaller scale.
    """
    difference = made - plate
    difference = difference - _offset(difference, mask)
    scale = min(1.0, WORK_SCALE / unit)
    size = scaled(mask, scale)
    correction = _correction(resize(difference, size), resize(mask, size))
    colour = plate + difference * mask[..., None] + resize(correction, (mask.shape[1], mask.shape[0]))
    return np.asarray(colour, np.float32), mask


def _offset(difference: Picture, mask: Mask) -> NDArray[np.float32]:
    """The difference of every channel where the mask rises: what a constant would leave no trace of.

    Taken out first, so that a constant difference leaves exactly nothing, at any scale.
    """
    weights = mask * (1 - mask)
    if weights.sum() < 1e-3:
        weights = mask
    return np.asarray((difference * weights[..., None]).sum((0, 1)) / max(weights.sum(), 1e-6), np.float32)


def _correction(difference: Picture, mask: Mask) -> Picture:
    """c of `poisson`; between two pixels the mask, and where it multiplies the difference that too, is their mean."""
    m = mask[..., None]
    rise = _neighbours(mask)[..., None] - 4 * m
    source = -0.5 * (difference * rise + _neighbours(difference * m) - m * _neighbours(difference))
    return solve(np.asarray(source, np.float32), mask)


def _neighbours(field: NDArray[np.float32]) -> NDArray[np.float32]:
    """The sum of the four neighbours; beyond the border lies what lies on it."""
    return np.asarray(cv2.filter2D(field, -1, NEIGHBOURS, borderType=cv2.BORDER_REPLICATE), np.float32)
