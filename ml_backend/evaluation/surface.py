"""Figures of what was painted on a face: how much, in what colour, how sharp, and whether its edge shows."""

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.faces.sharpness import sharpness
from ml_backend.swapping.blend import Mask, Picture

from .region import Region

EDGE_SIGMA = 0.015  # in eye distances: noise and pores go, a seam stays
EDGE_LENGTH = 0.1  # in eye distances, over which a seam's contrast is told
_SECTORS = 12
_LEAST = 0.02  # of the oval; a smaller mask has no colour worth a figure


def coverage(region: Region) -> float:
    """The mask's area as a part of the face's oval, 0 to somewhat above 1 (a soft mask reaches beyond the oval)."""
    return float(region.alpha.sum() / max(float(region.oval.sum()), 1.0))


def mean_colours(region: Region) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Mean L*a*b* of swap and plate under mask and oval; None where hardly anything is painted."""
    weights = region.alpha * region.oval
    total = float(weights.sum())
    if total < _LEAST * float(region.oval.sum()) or total < 1:
        return None
    swap, plate = (
        np.asarray((lab.astype(np.float64) * weights[..., None]).sum((0, 1)) / total)
        for lab in (region.lab_swap, region.lab_plate)
    )
    return swap, plate


def sharpnesses(region: Region) -> tuple[float, float]:
    """Sharpness of the face in swap and plate, each 0–200: widths of the blur in the distance of the eyes."""
    swap, plate = (
        sharpness(np.ascontiguousarray(lab[..., 0]), region.points, region.unit)
        for lab in (region.lab_swap, region.lab_plate)
    )
    return swap, plate


def edge_contrasts(region: Region) -> tuple[float, float, float] | None:
    """How strong swap and plate change across the mask's edge, and by how much the swap changes more.

    In ΔE (CIE 1976) over a tenth of the eye distance, as means along the edge, every place by the alpha's gradient.
    The third is the mean over twelve sectors of the edge, as seen from its middle, of those in which the swap changes
    more: a seam on one side is not made up for by a fold that was painted over on another, and pores that lie
    elsewhere are none. None where the mask has no edge here.
    """
    sigma = max(0.7, EDGE_SIGMA * region.unit)
    across = _gradient(_blur(region.alpha, sigma))
    weight = np.linalg.norm(across, axis=0)
    total = float(weight.sum())
    if total < 1:
        return None
    normal = across / np.maximum(weight, 1e-6)
    swap, plate = (_across(_blur(lab, sigma), normal) for lab in (region.lab_swap, region.lab_plate))
    scale = EDGE_LENGTH * region.unit / total
    by_sector = np.bincount(_sectors(weight), ((swap - plate) * weight).ravel(), _SECTORS)
    return (
        float((swap * weight).sum()) * scale,
        float((plate * weight).sum()) * scale,
        float(np.maximum(by_sector, 0).sum()) * scale,
    )


def _sectors(weight: Mask) -> NDArray[np.int64]:
    """In which sector each pixel (in one row) lies, as seen from the weights' middle."""
    rows, columns = np.indices(weight.shape)
    total = weight.sum()
    angle = np.arctan2(rows - (rows * weight).sum() / total, columns - (columns * weight).sum() / total)
    sectors: NDArray[np.int64] = (
        np.floor((angle.ravel() / (2 * np.pi) + 0.5) * _SECTORS).astype(np.int64).clip(0, _SECTORS - 1)
    )
    return sectors


def _across(lab: Picture, normal: NDArray[np.float32]) -> Mask:
    """The change of colour along a direction (2×H×W: down, to the right), in ΔE a pixel."""
    down, right = _gradient(lab)
    change = down * normal[0][..., None] + right * normal[1][..., None]
    return np.asarray(np.linalg.norm(change, axis=2), np.float32)


def _gradient(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """The change a pixel, down and to the right: 2×… of the picture's shape."""
    return np.asarray(np.gradient(image, axis=(0, 1)), np.float32)


def _blur(image: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE), np.float32)
