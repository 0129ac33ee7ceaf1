"""Reads one picture file."""

from pathlib import Path
from typing import cast

import cv2
import numpy as np

from ml_backend.errors import BackendError, UsageError
from ml_backend.media.frame import Pixels
from ml_backend.media.picture_end import is_whole
from ml_backend.media.readable import require_readable

PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".jpe", ".tif", ".tiff", ".webp", ".bmp", ".jp2"})
FLOAT_SUFFIXES = frozenset({".exr", ".hdr", ".pfm"})


def refuse_float(path: Path) -> UsageError:
    return UsageError(
        f"{path} is a floating-point picture, which cannot be read yet.", "Export it as 16-bit PNG or TIFF."
    )


def read_picture(path: Path) -> Pixels:
    """The picture as stored: H×W×3 RGB or H×W×4 RGBA straight, uint8 (0–255) or uint16 (0–65535).

    Grey becomes RGB. An EXIF orientation is not applied, as Blender does not apply it either.
    UsageError for missing and floating-point files, BackendError for empty, cut or damaged ones.
    """
    if path.suffix.lower() in FLOAT_SUFFIXES:
        raise refuse_float(path)
    require_readable(path)
    data = path.read_bytes()
    if not is_whole(data):
        raise BackendError(f"{path} is cut off or damaged.", "Copy or export this picture again.")
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        image = None
    if image is None:
        raise BackendError(f"{path} is not a readable picture.", "Copy or export it again as PNG, TIFF or JPEG.")
    if image.dtype not in (np.uint8, np.uint16):
        raise refuse_float(path)
    return _to_rgb(cast(Pixels, image))


def _to_rgb(image: Pixels) -> Pixels:
    channels = 1 if image.ndim == 2 else image.shape[2]
    if channels == 1:
        return np.ascontiguousarray(np.repeat(image.reshape(*image.shape[:2], 1), 3, axis=2))
    if channels == 2:  # grey with alpha
        return np.ascontiguousarray(image[:, :, [0, 0, 0, 1]])
    return np.ascontiguousarray(image[:, :, [2, 1, 0, 3][:channels]])
