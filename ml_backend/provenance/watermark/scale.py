"""How large are the chips in a picture that was cut? It resembles itself at every tile's width."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_MOST = 2048  # pixels of the longer side that are looked at
_CANDIDATES = 6
_LARGEST = 5.0  # times the size of a chip in a picture that was not cut, the smallest that there can be
_STEP = 1.0012
_REACH = 4  # tiles away that are looked at


def likely_chip_sizes(greys: Sequence[NDArray[np.uint8]], chips: int, smallest: float) -> list[float]:
    """Pixels a chip, the likeliest first, from the autocorrelation of all frames. chips: across a tile."""
    height, width = greys[0].shape
    rows, columns = min(height, _MOST), min(width, _MOST)
    size = cv2.getOptimalDFTSize(rows), cv2.getOptimalDFTSize(columns)
    power = np.zeros((size[0], size[1] // 2 + 1), np.float64)
    top, left = (height - rows) // 2, (width - columns) // 2
    for grey in greys:
        power += _power(grey[top : top + rows, left : left + columns], size)
    alike = np.fft.irfft2(power, size).astype(np.float32)
    return _periods(alike, chips, smallest, (rows, columns))


def _power(grey: NDArray[np.uint8], size: tuple[int, int]) -> Floats:
    """The evened spectrum of what stands out from its surroundings."""
    picture = grey.astype(np.float32)
    detail = picture - cv2.GaussianBlur(picture, (0, 0), 3.0)
    detail /= cv2.blur(np.abs(detail), (25, 25)) + np.float32(0.4)
    detail = np.clip(detail, -2, 2)
    padded = np.zeros(size, np.float32)
    padded[: grey.shape[0], : grey.shape[1]] = detail
    power = np.abs(np.fft.rfft2(padded)).astype(np.float32) ** 2
    return np.asarray(
        power / np.sqrt(cv2.blur(power, (9, 9)) + np.float32(1e-6) * power.max() + np.float32(1e-9)), np.float32
    )


def _periods(alike: Floats, chips: int, smallest: float, picture: tuple[int, int]) -> list[float]:
    """Chip sizes at whose tile distances `alike` (the autocorrelation) is highest."""
    rows, columns = picture
    largest = min(_LARGEST * smallest, max(picture) / 2 / chips)
    if largest <= smallest:
        return []
    steps = int(np.log(largest / smallest) / np.log(_STEP)) + 1
    sizes = smallest * _STEP ** np.arange(steps)
    x, y = (part.ravel() for part in np.meshgrid(np.arange(_REACH + 1), np.arange(-_REACH, _REACH + 1)))
    half = (x > 0) | (y > 0)  # the other half is the same
    across = (sizes[:, None] * chips * x[half]).astype(np.float32)
    down = (sizes[:, None] * chips * y[half]).astype(np.float32)
    inside = (across < columns / 2) & (np.abs(down) < rows / 2)
    weight = np.where(inside, (1 - across / columns) * (1 - np.abs(down) / rows), 0)
    moved = np.roll(alike, rows // 2, axis=0)  # so that negative distances lie above the middle
    found = cv2.remap(moved, across, down + rows // 2, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    score = (found * weight).sum(axis=1) / np.sqrt((weight**2).sum(axis=1) + 1e-9)
    chosen: list[float] = []
    for place in np.argsort(score)[::-1]:
        if len(chosen) == _CANDIDATES:
            break
        if all(abs(sizes[place] / size - 1) > 0.004 for size in chosen):
            chosen.append(float(sizes[place]))
    return chosen
