"""Reads one picture file."""

from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.errors import BackendError, UsageError
from ml_backend.media.exr import read_exr
from ml_backend.media.frame import Pixels, Stored
from ml_backend.media.picture_end import is_whole
from ml_backend.media.readable import require_readable
from ml_backend.media.timecode_words import Timecode

PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".jpe", ".tif", ".tiff", ".webp", ".bmp", ".jp2"})
HEIC_SUFFIXES = frozenset({".heic", ".heif"})  # no library here reads them
FLOAT_SUFFIXES = frozenset({".exr", ".hdr", ".pfm"})


def read_picture(path: Path) -> Pixels:
    """The picture as stored: H×W×3 RGB or H×W×4 RGBA straight, uint8 (0–255) or uint16 (0–65535).

    Grey becomes RGB. An EXIF orientation is not applied, as Blender does not apply it either.
    UsageError for missing and floating-point files, BackendError for empty, cut or damaged ones.
    """
    if path.suffix.lower() in FLOAT_SUFFIXES:
        raise _refuse_float(path)
    image = _decode(path)
    if image.dtype not in (np.uint8, np.uint16):
        raise _refuse_float(path)
    return cast(Pixels, image)


class Recorded(NamedTuple):
    """A picture as stored, H×W×3 RGB, float32 for floating-point files, and its alpha H×W; what its file tells."""

    image: Stored
    alpha: Stored | None
    timecode: Timecode | None = None
    fps: Fraction | None = None
    chromaticities: tuple[float, ...] | None = None
    pixel_aspect: float = 1.0
    origin: tuple[int, int] = (0, 0)


def read_stored(path: Path) -> Recorded:
    """Any picture. Errors as in `read_picture`."""
    if path.suffix.lower() == ".exr":
        picture = read_exr(path)
        timecode = None if picture.words is None else Timecode(picture.timecode, picture.words)
        return Recorded(
            picture.rgb(),
            picture.alpha(),
            timecode,
            picture.fps,
            picture.chromaticities,
            picture.pixel_aspect,
            picture.origin,
        )
    image = _decode(path)
    kind = image.dtype if image.dtype in (np.uint8, np.uint16) else np.float32
    alpha = np.ascontiguousarray(image[:, :, 3], kind) if image.shape[2] == 4 else None
    return Recorded(np.ascontiguousarray(image[:, :, :3], kind), alpha)


def png_size(path: Path) -> tuple[int, int] | None:
    """Width and height that a PNG's header says, whose pixels are not read; None for any other file."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        head = file.read(24)
    if len(head) < 24 or not head.startswith(b"\x89PNG\r\n\x1a\n"):
        return None
    return int.from_bytes(head[16:20]), int.from_bytes(head[20:24])


def _refuse_float(path: Path) -> UsageError:
    return UsageError(
        f"{path} is a floating-point picture, which a plate may be but nothing else.", "Export it as 16-bit PNG."
    )


def _decode(path: Path) -> NDArray[Any]:
    """H×W×3 RGB or H×W×4 RGBA of uint8, uint16 or floats."""
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
    if image.dtype not in (np.uint8, np.uint16, np.float32, np.float64):
        raise BackendError(f"{path} holds {image.dtype} values.", "Export it with 8 or 16 bit, or as float.")
    return _to_rgb(image)


def _to_rgb(image: NDArray[Any]) -> NDArray[Any]:
    channels = 1 if image.ndim == 2 else image.shape[2]
    if channels == 1:
        return np.ascontiguousarray(np.repeat(image.reshape(*image.shape[:2], 1), 3, axis=2))
    if channels == 2:  # grey with alpha
        return np.ascontiguousarray(image[:, :, [0, 0, 0, 1]])
    return np.ascontiguousarray(image[:, :, [2, 1, 0, 3][:channels]])
