"""Writes pictures as PNG, whole or not at all."""

from pathlib import Path

import cv2
import numpy as np

from ml_backend.atomic import write_bytes
from ml_backend.errors import UsageError
from ml_backend.media.frame import Pixels
from ml_backend.media.layer_png import encode_layer
from ml_backend.media.picture import read_picture

__all__ = ["encode_png", "read_picture", "write_rgb", "write_rgba"]


def encode_png(image: Pixels) -> bytes:
    """PNG of an H×W grey, H×W×3 RGB or H×W×4 RGBA (straight alpha) array: 8 bit for uint8, 16 for uint16.

    The values are stored as they are, also the colour below alpha 0. UsageError for any other array.
    """
    channels = 1 if image.ndim == 2 else image.shape[-1]
    if image.ndim not in (2, 3) or channels not in (1, 3, 4) or image.dtype not in (np.uint8, np.uint16):
        raise UsageError(
            f"An array of shape {image.shape} and type {image.dtype} is no picture.",
            "Give H×W×3 RGB or H×W×4 RGBA as uint8 or uint16.",
        )
    if image.size == 0:
        raise UsageError(f"A picture of shape {image.shape} has no pixels.", "Give it at least one row and column.")
    if channels == 4:
        return encode_layer(image)
    stored = np.ascontiguousarray(image)
    done, data = cv2.imencode(".png", cv2.cvtColor(stored, cv2.COLOR_RGB2BGR) if channels == 3 else stored)
    if not done:
        raise UsageError(f"A picture of shape {image.shape} cannot be stored as PNG.", "Use a smaller picture.")
    return data.tobytes()


def write_rgba(path: Path, image: Pixels) -> None:
    """Write H×W×4 RGBA with straight alpha, uint8 as PNG8 or uint16 as PNG16, atomically."""
    _write(path, image, 4)


def write_rgb(path: Path, image: Pixels) -> None:
    """Write H×W×3 RGB, uint8 as PNG8 or uint16 as PNG16, atomically."""
    _write(path, image, 3)


def _write(path: Path, image: Pixels, channels: int) -> None:
    if image.ndim != 3 or image.shape[2] != channels:
        raise UsageError(
            f"{path} should get {channels} channels, the array has the shape {image.shape}.",
            f"Give H×W×{channels}.",
        )
    write_bytes(path, encode_png(image))
