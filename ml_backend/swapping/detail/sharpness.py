"""How sharp a face is, and a made face brought to the sharpness of the plate's.

Pictures are H×W×3 RGB float32 in 0–1, weights H×W float32 in 0–1.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.swapping.blend import Mask, Picture

BANDS = 4  # octaves from the finest; the last one is what the others are compared by
MOST = 1.8  # times that a band is raised: more shows what is wrong with the made face and not more of it
FLAT = 0.3  # part of a face that has no structure in a band, so that what is there is grain
NOTHING = 1e-8  # energy of a band in which nothing can be seen
LUMA = np.array([[0.2126, 0.7152, 0.0722]], np.float32)


@dataclass(frozen=True)
class Sharpness:
    """Energy in octaves from fine to coarse, as natural logarithms; means over frames are valid.

    energy: BANDS, float32.
    """

    energy: NDArray[np.float32]


def measure_sharpness(picture: Picture, weights: Mask) -> Sharpness | None:
    """The energy of the structure under the weights, octave by octave; grain, which lies everywhere, is left out.

    None where fewer than 16 pixels of the coarsest octave lie under the weights.
    """
    luma: NDArray[np.float32] = np.asarray(cv2.transform(picture, LUMA), np.float32)
    levels = _levels(luma)
    if levels < BANDS:
        return None
    energies = []
    for band in _laplacian(luma, BANDS)[:-1]:
        local = cv2.GaussianBlur(band * band, (0, 0), 2.0)
        inside = local[cv2.resize(weights, band.shape[::-1], interpolation=cv2.INTER_AREA) > 0.5]
        if inside.size < 16:
            return None
        flat = int(inside.size * FLAT)
        grain = float(np.partition(inside, flat)[: flat + 1].mean())
        energies.append(max(float(inside.mean()) - grain, NOTHING))
    return Sharpness(np.log(np.asarray(energies, np.float32)))


def gains(own: Sharpness, wanted: Sharpness) -> NDArray[np.float32]:
    """By what each octave but the last is to be multiplied, from fine to coarse: BANDS − 1, in 0–MOST.

    A difference that all octaves share is one of contrast, which is the colour match's matter. Blur takes away more
    the finer a band is, so the gains of a softer face fall towards the fine end and those of a sharper one rise.
    """
    ratio = (wanted.energy - own.energy) / 2
    steps = ratio[:-1] - ratio[-1]
    if steps.mean() < 0:
        ordered = np.maximum.accumulate(np.minimum(steps, 0))
    else:
        ordered = np.minimum.accumulate(np.maximum(steps, 0))
    return np.asarray(np.minimum(np.exp(ordered), MOST), np.float32)


def match_sharpness(made: Picture, own: Sharpness, wanted: Sharpness, strength: float) -> Picture:
    """The made face H×W×3 with its octaves brought from `own` towards `wanted`: softer for a plate out of focus.

    Raised octaves leave no rings: a pixel stays between the darkest and the brightest one around it. Both
    measurements must come from pictures of one scale.
    """
    factors = 1 + np.float32(strength) * (gains(own, wanted) - 1)
    if np.abs(factors - 1).max() < 1e-3 or _levels(made) < BANDS:
        return made
    bands = _laplacian(made, len(factors))
    matched = bands[-1]
    for band, factor in zip(reversed(bands[:-1]), reversed(factors), strict=True):
        matched = cv2.pyrUp(matched, dstsize=band.shape[1::-1]) + band * factor
    if factors.max() > 1:
        window = np.ones((5, 5), np.uint8)
        matched = np.clip(matched, cv2.erode(made, window), cv2.dilate(made, window))
    return np.asarray(matched, np.float32)


def _levels(picture: NDArray[np.float32]) -> int:
    """How many octaves the picture has room for."""
    return int(np.log2(max(1, min(picture.shape[:2])))) - 2


def _laplacian(picture: NDArray[np.float32], count: int) -> list[NDArray[np.float32]]:
    """Octaves from fine to coarse, and the rest: Burt and Adelson, "The Laplacian Pyramid", 1983."""
    bands, current = [], picture
    for _ in range(count):
        smaller: NDArray[np.float32] = np.asarray(cv2.pyrDown(current), np.float32)
        bands.append(current - cv2.pyrUp(smaller, dstsize=current.shape[1::-1]))
        current = smaller
    return [*bands, current]
