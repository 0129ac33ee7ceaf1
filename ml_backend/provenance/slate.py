"""The word over a made face of somebody who may be tried only: white letters with a black outline."""

import cv2
import numpy as np
from numpy.typing import NDArray

WORD = "TEST"
_FONT = cv2.FONT_HERSHEY_DUPLEX
_WIDTH = 0.8  # of the word, as a part of the face's
_OUTLINE = 0.08  # its width, as a part of the letters' height
_SMALLEST = 24  # pixels of a word that can be read

Array = NDArray[np.float32]


def laid(colour: Array, fill: Array, covered: Array) -> Array:
    """H×W×3 `colour` with the letters in it. fill, covered: H×W in 0–1, as `word` gives them."""
    letters = (fill / np.maximum(covered, 1e-6))[..., None]
    return np.asarray(colour * (1 - covered[..., None]) + letters * covered[..., None], np.float32)


def word(shape: tuple[int, ...], box: tuple[int, int, int, int]) -> tuple[Array, Array]:
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
