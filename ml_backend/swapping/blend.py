"""Lay the made face over the plate: what colour and what alpha every pixel gets.

Pictures are H×W×3 RGB float32 in 0–1, masks H×W float32 in 0–1.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.media.frame import Pixels

Picture = NDArray[np.float32]
Mask = NDArray[np.float32]


def to_unit(image: Pixels) -> Picture:
    """Stored values (uint8 or uint16, any shape) to float32 in 0–1."""
    unit: Picture = image.astype(np.float32) / np.float32(np.iinfo(image.dtype).max)
    return unit


def from_unit(image: Picture, like: Pixels) -> Pixels:
    """The inverse of `to_unit`, rounded and clipped, in the type of `like`."""
    stored: Pixels = np.round(image.clip(0, 1) * np.float32(np.iinfo(like.dtype).max)).astype(like.dtype)
    return stored


def multiband(plate: Picture, made: Picture, mask: Mask, levels: int) -> tuple[Picture, Mask]:
    """Blend every octave of detail over an edge of its own width; returns the blend and the alpha to lay it with.

    The coarse bands flow beyond the mask, so the alpha is wider than it: it is 1 on all of the mask and falls off
    outside. Source: Burt and Adelson, "A Multiresolution Spline With Application to Image Mosaics", 1983.
    """
    levels = max(1, min(levels, int(np.log2(max(2, min(mask.shape)))) - 1))
    bands_plate, bands_made = _laplacian(plate, levels), _laplacian(made, levels)
    masks = [mask]
    for _ in range(levels):
        masks.append(_smaller(masks[-1]))
    blended = None
    for a, b, m in zip(reversed(bands_plate), reversed(bands_made), reversed(masks), strict=True):
        band = a + (b - a) * m[..., None]
        blended = band if blended is None else cv2.pyrUp(blended, dstsize=a.shape[1::-1]) + band
    width = 2**levels | 1
    wide = cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width)))
    alpha = np.maximum(cv2.GaussianBlur(wide, (0, 0), width / 4), mask)
    alpha[wide == 0] = 0
    return np.asarray(blended, np.float32), alpha


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


def composite(plate: Picture, colour: Picture, alpha: Mask) -> Picture:
    """What a sequencer makes of a straight-alpha layer over the plate."""
    over: Picture = plate + (colour - plate) * alpha[..., None]
    return over
