"""Pictures for people: small faces with words on them. All are H×W×3 RGB uint8."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.errors import BackendError
from ml_backend.faces.alignment import STORED_MARGIN
from ml_backend.media.frame import Pixels
from ml_backend.media.write import write_rgb

Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]

BACKGROUND: Colour = (34, 36, 40)
EMPTY: Colour = (52, 55, 60)
TEXT: Colour = (235, 235, 235)
FAINT: Colour = (160, 165, 172)
ALARM: Colour = (255, 122, 60)
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def save(path: Path, picture: Picture) -> None:
    """Write a picture as PNG, whole or not at all; BackendError where that cannot be."""
    try:
        write_rgb(path.absolute(), picture)
    except OSError as error:
        raise BackendError(
            f"The picture {path} cannot be written: {error.strerror}.", "Name a file where you may write."
        ) from error


def blank(height: int, width: int, colour: Colour = BACKGROUND) -> Picture:
    return np.full((height, width, 3), colour, np.uint8)


def write(picture: Picture, text: str, place: tuple[int, int], colour: Colour = TEXT, scale: float = 0.45) -> None:
    """Write on `picture`; `place` is the text's lower left corner. Signs that the font lacks become question marks."""
    cv2.putText(picture, _plain(text), place, _FONT, scale, colour, 1, cv2.LINE_AA)


def text_width(text: str, scale: float = 0.45) -> int:
    (width, _), _ = cv2.getTextSize(_plain(text), _FONT, scale, 1)
    return int(width)


def _plain(text: str) -> str:
    return text.encode("ascii", "replace").decode()


def fitting(text: str, width: int, scale: float = 0.45) -> str:
    """The text, cut where it is wider than `width` pixels."""
    while text and text_width(text, scale) > width:
        text = text.removesuffix("...")[:-1] + "..." if len(text) > 4 else ""
    return text


def tag(picture: Picture, text: str, scale: float = 0.42) -> None:
    """Write in the lower left corner, on black so that it can be read on any picture."""
    height, width = picture.shape[0], text_width(text, scale)
    cv2.rectangle(picture, (0, height - 16), (width + 7, height), (0, 0, 0), -1)
    write(picture, text, (4, height - 4), scale=scale)


def frame(picture: Picture, colour: Colour, thickness: int = 2) -> None:
    """A line along the edges of a picture."""
    height, width = picture.shape[:2]
    inset = thickness // 2
    cv2.rectangle(picture, (inset, inset), (width - 1 - inset, height - 1 - inset), colour, thickness)


def small_face(crop: Pixels, side: int) -> Picture:
    """A stored crop (S×S×3, uint8 or uint16) without its margin, side×side pixels."""
    size = crop.shape[0]
    margin = round(size * (1 - 1 / STORED_MARGIN) / 2)
    inner = crop[margin : size - margin, margin : size - margin]
    if inner.dtype == np.uint16:
        inner = (inner >> 8).astype(np.uint8)
    method = cv2.INTER_AREA if inner.shape[0] > side else cv2.INTER_CUBIC
    face: Picture = np.ascontiguousarray(cv2.resize(inner, (side, side), interpolation=method))
    return face
