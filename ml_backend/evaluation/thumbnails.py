"""Small pictures of a frame's face for the report."""

import base64
from collections.abc import Sequence
from typing import cast

import cv2
import numpy as np

from ml_backend.errors import BackendError
from ml_backend.faces.geometry import sample
from ml_backend.media.frame import Pixels

from .findings import Look
from .inputs import Pictures
from .rows import Row

SIDE = 224  # pixels
AROUND = 1.6  # sides of the face's box that a thumbnail shows
WORST, SPREAD = 12, 8  # frames with thumbnails
_QUALITY = 85
_DARKENED = 0.35  # what the mask leaves out, so that one sees where it lies


Thumbnails = dict[str, str]
"""JPEG pictures as data URIs, by what they show: plate, swap, mask and, where it is given, truth."""


def choose(looks: Sequence[Look], numbers: Sequence[int]) -> tuple[list[int], list[int]]:
    """The frames to show: the worst of the first looks, and some spread over the shot."""
    places = np.linspace(0, len(numbers) - 1, min(SPREAD, len(numbers))).round().astype(int)
    return [look.worst for look in looks[:WORST]], [numbers[n] for n in dict.fromkeys(places.tolist())]


def make_thumbnails(pictures: Pictures, rows: Sequence[Row]) -> Thumbnails:
    """Thumbnails of one of the frames that `rows` (ascending) tell about."""
    x, y, side = _square(pictures, rows)
    shown = {"plate": pictures.plate, "swap": pictures.swap}
    shown["mask"] = _masked(pictures)
    if pictures.truth is not None:
        shown["truth"] = pictures.truth
    step = side / SIDE
    to_image = np.array([[step, 0, x + step / 2 - 0.5], [0, step, y + step / 2 - 0.5]])
    return {name: _data_uri(sample(image, to_image, SIDE)) for name, image in shown.items()}


def _square(pictures: Pictures, rows: Sequence[Row]) -> tuple[float, float, float]:
    """x, y and side of what to show: around the face, or where it was on the nearest frame that has one."""
    height, width = pictures.alpha.shape
    with_face = [row for row in rows if row.plate_face or row.swap_face]
    nearest = min(with_face, key=lambda row: abs(row.frame - pictures.number), default=None)
    box = None if nearest is None else nearest.plate_face or nearest.swap_face
    left, top, wide, high = box or (0.0, 0.0, float(width), float(height))
    side = min(AROUND * max(wide, high), float(min(width, height)))
    x = min(max(left + wide / 2 - side / 2, 0.0), width - side)
    y = min(max(top + high / 2 - side / 2, 0.0), height - side)
    return x, y, side


def _masked(pictures: Pictures) -> Pixels:
    """The swap where it is painted, the rest dark."""
    light = (_DARKENED + (1 - _DARKENED) * pictures.alpha)[..., None]
    grey = pictures.plate.mean(2, keepdims=True, dtype=np.float32).repeat(3, 2)
    alpha = pictures.alpha[..., None]
    mixed = (grey * (1 - alpha) + pictures.swap * alpha) * light
    return cast(Pixels, mixed.astype(pictures.plate.dtype))


def _data_uri(image: Pixels) -> str:
    if image.dtype == np.uint16:
        image = (image >> 8).astype(np.uint8)
    done, data = cv2.imencode(".jpg", image[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    if not done:
        raise BackendError("A picture of the report cannot be stored as JPEG.", "Look at the installation of OpenCV.")
    return f"data:image/jpeg;base64,{base64.b64encode(data.tobytes()).decode()}"
