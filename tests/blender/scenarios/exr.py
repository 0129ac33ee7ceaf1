"""OpenEXR files made with the standard library: uncompressed scan lines of half floats."""

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np


def write(path: Path, channels: Mapping[str, np.ndarray], at: tuple[int, int] = (0, 0), display: Any = None) -> None:
    """Write H×W arrays by the name of their channel, such as "R" or "mask.Y", as half floats.

    They are the part that begins `at` x and y, from the top left, of a whole of `display` width and height.
    """
    names = sorted(channels)
    height, width = channels[names[0]].shape
    (left, top), (whole_width, whole_height) = at, display or (width, height)
    window = struct.pack("<4i", left, top, left + width - 1, top + height - 1)
    whole = struct.pack("<4i", 0, 0, whole_width - 1, whole_height - 1)
    listed = b"".join(name.encode() + b"\0" + struct.pack("<iiii", 1, 0, 1, 1) for name in names) + b"\0"
    attributes = [
        (b"channels", b"chlist", listed),
        (b"compression", b"compression", b"\0"),
        (b"dataWindow", b"box2i", window),
        (b"displayWindow", b"box2i", whole),
        (b"lineOrder", b"lineOrder", b"\0"),
        (b"pixelAspectRatio", b"float", struct.pack("<f", 1.0)),
        (b"screenWindowCenter", b"v2f", struct.pack("<2f", 0.0, 0.0)),
        (b"screenWindowWidth", b"float", struct.pack("<f", 1.0)),
    ]
    header = struct.pack("<ii", 20000630, 2)
    header += b"".join(n + b"\0" + kind + b"\0" + struct.pack("<i", len(v)) + v for n, kind, v in attributes) + b"\0"
    size = 2 * width * len(names)
    first = len(header) + 8 * height
    offsets = struct.pack(f"<{height}Q", *(first + row * (8 + size) for row in range(height)))
    halves = {name: channels[name].astype("<f2") for name in names}
    rows = (
        struct.pack("<ii", top + row, size) + b"".join(halves[name][row].tobytes() for name in names)
        for row in range(height)
    )
    path.write_bytes(header + offsets + b"".join(rows))


def write_rgb(path: Path, image: np.ndarray, at: tuple[int, int] = (0, 0), display: Any = None) -> None:
    """An H×W×3 array as `write` does it."""
    write(path, {name: image[..., index] for index, name in enumerate("RGB")}, at, display)
