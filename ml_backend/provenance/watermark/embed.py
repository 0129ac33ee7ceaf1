"""Writes the mark: adds the tiles to a picture's brightness, strong where texture hides them, faint elsewhere."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.provenance.watermark.pattern import ACROSS, CHIPS, Floats, tile

Picture = NDArray[np.uint8 | np.uint16]

SMALLEST = 96
"""Pixels of the shorter side below which a picture is too small to hold the mark."""
_FLAT = 0.52  # standard deviation of the mark, of 255, where there is no texture
_TEXTURE = 0.16  # and how much of the texture's own is added
_STRONGEST = 3.0
_FINE = 3.6  # pixels a chip; encoders keep less of finer ones, which are also seen less
_MOST_BOOST = 2.2
_DARK, _DARKEST = 40.0, 0.6  # below this brightness the mark fades to this part at black


def embed(picture: Picture, payload: int) -> Picture:
    """A copy of an H×W×3 RGB picture (uint8 0–255, or uint16 0–65535) that carries `payload` (0 to 2³²-1).

    All three channels of a pixel change alike. Pictures under `SMALLEST` pixels come back as they are.
    """
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), picture.dtype)
    delta = _delta(grey, payload, _top(picture), 1.0)
    return (
        picture.copy() if delta is None else np.asarray(cv2.add(picture, cv2.merge([delta] * 3), dtype=_depth(picture)))
    )


def embed_luma(plane: Picture, payload: int, bits: int = 8) -> Picture:
    """The same for the H×W brightness of a YUV frame with `bits` (uint8 for 8, uint16 above), full or limited range."""
    top = 2**bits - 1
    delta = _delta(plane, payload, top, 219 / 255)
    if delta is None:
        return plane.copy()
    marked = cv2.add(plane, delta, dtype=_depth(plane))
    return np.asarray(np.minimum(marked, top) if bits > 8 else marked, plane.dtype)


def _top(picture: Picture) -> int:
    return 255 if picture.dtype == np.uint8 else 65535


def _depth(picture: Picture) -> int:
    return cv2.CV_8U if picture.dtype == np.uint8 else cv2.CV_16U


def _delta(grey: Picture, payload: int, top: int, gain: float) -> NDArray[np.int16] | None:
    """What is added to each pixel, in whole steps of the picture's values."""
    height, width = grey.shape
    if min(height, width) < SMALLEST:
        return None
    strength = _strength(grey, 255 / top)
    pattern = _pattern(height, width, payload)
    chip = min(height, width) / ACROSS
    scale = gain * top / 255 * min(max(_FINE / chip, 1.0), _MOST_BOOST)
    return np.asarray(cv2.multiply(pattern, strength, scale=scale, dtype=cv2.CV_16S))


def _strength(grey: Picture, to_255: float) -> Floats:
    """H×W: the mark's standard deviation at each pixel, of 255. Measured at half size, which is as smooth and fast."""
    height, width = grey.shape
    small = cv2.resize(grey, ((width + 1) // 2, (height + 1) // 2), interpolation=cv2.INTER_AREA).astype(np.float32)
    if to_255 != 1:
        small *= np.float32(to_255)
    side = max(3, round(min(small.shape) / ACROSS * 3) | 1)  # about three chips
    mean = cv2.blur(small, (side, side))
    texture = cv2.blur(cv2.absdiff(small, mean), (side, side))
    # Beside an edge it is flat: the mark must not stand out around it.
    texture = cv2.erode(texture, np.ones((side, side), np.uint8))
    strength = np.minimum(_FLAT + _TEXTURE * texture, _STRONGEST)
    strength *= np.minimum(_DARKEST + (1 - _DARKEST) / _DARK * mean, 1)
    strength *= np.clip((275 - mean) / 40, 0, 1)  # half at white, where only the darker chips remain to be seen
    return np.asarray(cv2.resize(strength, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


@lru_cache(maxsize=2)  # a film has one size and one payload
def _pattern(height: int, width: int, payload: int) -> Floats:
    """The tiles over a whole picture, H×W float32, each chip `min(height, width) / ACROSS` pixels wide."""
    chip = min(height, width) / ACROSS
    rows, columns = (int(side / chip / CHIPS) + 2 for side in (height, width))
    # one tile more on the left and above, so that the interpolation has neighbours
    tiles = np.tile(tile(payload), (rows + 1, columns + 1))
    first = CHIPS + 0.5 / chip - 0.5
    matrix = np.array([[1 / chip, 0, first], [0, 1 / chip, first]])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    pattern = np.asarray(cv2.warpAffine(tiles, matrix, (width, height), flags=flags), np.float32)
    pattern /= pattern.std()
    pattern.setflags(write=False)
    return pattern
