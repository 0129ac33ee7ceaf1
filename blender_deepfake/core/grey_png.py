"""Writes 8-bit grey pictures with the standard library: exact values, whatever Blender's colour management thinks."""

import math
import struct
import zlib
from array import array

_BITS = {struct.unpack("<I", struct.pack("<f", level / 255))[0]: level for level in range(256)}


def from_rgba(pixels: "array[float]", width: int, height: int) -> bytes:
    """The PNG of the red channel of `pixels`: float RGBA in 0–1, the bottom row first, as Blender has them."""
    if pixels.typecode != "f" or len(pixels) != width * height * 4:
        raise ValueError(f"{len(pixels)} values are not {width} × {height} pixels of four floats")
    levels = _levels(pixels[0::4])
    return encode(b"".join(levels[row * width : (row + 1) * width] for row in reversed(range(height))), width, height)


def _levels(values: "array[float]") -> bytes:
    """Floats in 0–1 as bytes. They come from a byte image, so few differ: each is converted once."""
    bits = memoryview(values).cast("B").cast("I").tolist()
    table = {pattern: _level(pattern) for pattern in set(bits)}
    return bytes(map(table.__getitem__, bits))


def _level(pattern: int) -> int:
    if pattern in _BITS:
        return _BITS[pattern]
    value: float = struct.unpack("=f", struct.pack("=I", pattern))[0]
    return 0 if math.isnan(value) else round(255 * min(max(value, 0.0), 1.0))


def encode(levels: bytes, width: int, height: int) -> bytes:
    """The PNG of `levels`, one byte a pixel, the top row first."""
    if len(levels) != width * height:
        raise ValueError(f"{len(levels)} values are not {width} × {height} pixels")
    rows = b"".join(b"\0" + levels[row * width : (row + 1) * width] for row in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
