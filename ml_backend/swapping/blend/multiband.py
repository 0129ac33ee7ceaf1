"""Every octave of detail over an edge of its own width.

Source: Burt and Adelson, "A Multiresolution Spline With Application to Image Mosaics", 1983.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from .pictures import Mask, Picture, masked

COARSE = 16  # pixels of an edge that are enough to make it; a wider one is made smaller and enlarged
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
    factor = max(1, reach // COARSE)
    # the highest of each factor×factor pixels
    small = cv2.dilate(mask, np.ones((factor, factor), np.uint8), anchor=(0, 0))[::factor, ::factor]
    # a small pixel is up to factor − 1 wider than what it stands for, and enlarging spreads it by half of its width
    radius = (2 * reach - 3 * (factor - 1)) // (4 * factor)
    side = 2 * radius + 1
    wide = cv2.dilate(small, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    soft = cv2.blur(wide, (side, side), borderType=cv2.BORDER_REPLICATE)
    soft[soft < ROUNDING] = 0  # the running sums of the blur leave a trace of what they have passed
    large = cv2.resize(soft, None, fx=factor, fy=factor, interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.maximum(large[: mask.shape[0], : mask.shape[1]], mask), np.float32)


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
