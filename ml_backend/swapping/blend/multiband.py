"""Every octave of detail over an edge of its own width.

Source: Burt and Adelson, "A Multiresolution Spline With Application to Image Mosaics", 1983.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from .pictures import Mask, Picture, masked

STEP = 4  # pixels by which a mask grows at a time
ROUNDING = 1e-4  # an alpha below this shows in no picture


def multiband(plate: Picture, made: Picture, mask: Mask, levels: int) -> tuple[Picture, Mask]:
    """Colour H×W×3 and alpha H×W of the made face (H×W×3) in the plate (H×W×3) under a mask (H×W).

    The coarse bands flow beyond the mask, so the alpha is wider than it: it is 1 on all of the mask and falls off
    outside, over 2^(levels − 1) pixels.
    """
    levels = max(1, min(levels, int(np.log2(max(2, min(mask.shape)))) - 1))
    bands = _laplacian(made - plate, levels)
    masks = [mask]
    for _ in range(levels):
        masks.append(_smaller(masks[-1]))
    blended = masked(bands[-1], masks[-1])
    for band, weight in zip(reversed(bands[:-1]), reversed(masks[:-1]), strict=True):
        blended = cv2.pyrUp(blended, dstsize=band.shape[1::-1]) + masked(band, weight)
    return plate + np.asarray(blended, np.float32), _wider(mask, 2 ** (levels - 1))


def _wider(mask: Mask, reach: int) -> Mask:
    """The mask with a soft edge around it, which is 0 from `reach` pixels away."""
    radius = reach // 2
    side = 2 * radius + 1
    # many small steps reach as far as one large one, and cost a fraction of it
    steps = max(1, round(radius / STEP))
    small = 2 * (radius // steps) + 1
    wide = cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (small, small)), iterations=steps)
    soft = cv2.blur(wide, (side, side), borderType=cv2.BORDER_REPLICATE)
    soft[soft < ROUNDING] = 0  # the running sums of the blur leave a trace of what they have passed
    return np.asarray(np.maximum(soft, mask), np.float32)


def _laplacian(image: Picture, levels: int) -> list[Picture]:
    """Band-pass pictures from fine to coarse, the last one the rest."""
    bands, current = [], image
    for _ in range(levels):
        smaller = _smaller(current)
        bands.append(current - cv2.pyrUp(smaller, dstsize=current.shape[1::-1]))
        current = smaller
    return [*bands, current]


def _smaller(image: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.pyrDown(image), np.float32)
