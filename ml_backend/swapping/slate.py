"""The word that a made face carries where somebody may be tried only: burned in, so that no crop is without it."""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from .painting import Painted

WORD = "TEST"
_FONT = cv2.FONT_HERSHEY_DUPLEX
_WIDTH = 0.8  # of the word, as a part of the face's
_OUTLINE = 0.08  # its width, as a part of the letters' height
_SMALLEST = 24  # pixels of a word that can be read

Array = NDArray[np.float32]


def burn(face: Painted) -> Painted:
    """The same face with the word over its middle, white with a black outline, as opaque as a layer can be.

    The word is in the colour, the alpha and the mask, and in the raw face where that is asked for: no layer of the swap
    is without it. What is black and white holds in any unit, straight or premultiplied, at any bit depth.
    """
    seen = np.argwhere(np.maximum(face.alpha, face.layers.get("mask", face.alpha)) > 0)
    if not len(seen):
        return face
    (top, left), (bottom, right) = seen.min(0), seen.max(0) + 1
    fill, outline = _word(face.alpha.shape, (int(left), int(top), int(right - left), int(bottom - top)))
    covered = np.maximum(fill, outline)
    layers = dict(face.layers)
    if "raw" in layers:
        layers["raw"] = _laid(layers["raw"], fill, covered)
    if "mask" in layers:
        layers["mask"] = np.maximum(layers["mask"], covered)
    return replace(face, colour=_laid(face.colour, fill, covered), alpha=np.maximum(face.alpha, covered), layers=layers)


def _laid(colour: Array, fill: Array, covered: Array) -> Array:
    word = (fill / np.maximum(covered, 1e-6))[..., None]
    return np.asarray(colour * (1 - covered[..., None]) + word * covered[..., None], np.float32)


def _word(shape: tuple[int, ...], box: tuple[int, int, int, int]) -> tuple[Array, Array]:
    """The coverage (0–1) of the letters, and with their outline, in the middle of `box`: x, y, width, height."""
    x, y, width, height = box
    wanted = min(shape[1], max(_SMALLEST, _WIDTH * width))
    (plain, tall), _ = cv2.getTextSize(WORD, _FONT, 1.0, 1)
    size = min(wanted / plain, max(height, _SMALLEST) * 0.8 / tall)
    (wide, high), _ = cv2.getTextSize(WORD, _FONT, size, 2)
    fill = np.zeros(shape[:2], np.uint8)
    place = (round(x + (width - wide) / 2), round(y + (height + high) / 2))
    cv2.putText(fill, WORD, place, _FONT, size, 255, 2, cv2.LINE_AA)
    reach = max(1, round(_OUTLINE * high))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    planes = [np.asarray(plane / 255, np.float32) for plane in (fill, cv2.dilate(fill, disc))]
    return planes[0], planes[1]
