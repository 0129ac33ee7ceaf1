"""PNG of a layer that is empty outside a face: the empty rows cost nothing."""

import struct
from functools import lru_cache

import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

from ml_backend.media.frame import Pixels

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_RGBA = 6  # the colour type
_SUB = 1  # the filter that stores differences to the pixel on the left
_ZERO_PIECE = 1 << 20  # bytes
_LAST_BLOCK = b"\x03\x00"  # an empty one that ends the stream (RFC 1951)
_ADLER = 65521


def encode_layer(image: Pixels) -> bytes:
    """PNG of an H×W×4 RGBA array, uint8 or uint16, of at least one pixel. The values are stored as they are.

    Empty rows are stored by repeating one compressed piece, which the format allows (RFC 1950, RFC 1951).
    """
    height, width = image.shape[:2]
    first, end = _filled_rows(image)
    row = 1 + width * 4 * image.itemsize
    band = _filtered(image[first:end])
    middle = _packed(band)
    above, below = first * row, (height - end) * row
    checksum = _adler_zeros(isal_zlib.adler32(band, _adler_zeros(1, above)), below)
    stream = b"\x78\x01" + _zeros(above) + middle + _zeros(below) + _LAST_BLOCK + checksum.to_bytes(4)
    header = struct.pack(">IIBBBBB", width, height, 8 * image.itemsize, _RGBA, 0, 0, 0)
    return _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", stream) + _chunk(b"IEND", b"")


def _filled_rows(image: Pixels) -> tuple[int, int]:
    """The first row of an H×W×4 picture that is not all zeros, and the row after the last such; (0, 0) for none."""
    words = np.ascontiguousarray(image).view(np.uint32 if image.dtype == np.uint8 else np.uint64)
    rows = np.flatnonzero(words.any(axis=(1, 2)))
    return (int(rows[0]), int(rows[-1]) + 1) if len(rows) else (0, 0)


def _filtered(rows: Pixels) -> NDArray[np.uint8]:
    """Each row's bytes, high ones first, as differences to the pixel on the left, behind the filter's number."""
    pixel = 4 * rows.itemsize
    values = rows.astype(rows.dtype.newbyteorder(">"), copy=False)
    data = np.ascontiguousarray(values).view(np.uint8).reshape(len(rows), rows.shape[1] * pixel)
    filtered = np.empty((len(rows), data.shape[1] + 1), np.uint8)
    filtered[:, 0] = _SUB
    filtered[:, 1 : 1 + pixel] = data[:, :pixel]
    np.subtract(data[:, pixel:], data[:, :-pixel], out=filtered[:, 1 + pixel :])
    return filtered


def _zeros(count: int) -> bytes:
    """`count` zero bytes as whole deflate blocks that end on a byte. Zero rows are filter 0 and zeros."""
    pieces, rest = divmod(count, _ZERO_PIECE)
    return _zero_piece(_ZERO_PIECE) * pieces + (_zero_piece(rest) if rest else b"")


@lru_cache(maxsize=4)
def _zero_piece(count: int) -> bytes:
    return _packed(np.zeros(count, np.uint8))


def _packed(data: NDArray[np.uint8]) -> bytes:
    """The bytes as deflate blocks that end on a byte and can follow and be followed by others."""
    packer = isal_zlib.compressobj(1, isal_zlib.DEFLATED, -isal_zlib.MAX_WBITS)
    return bytes(packer.compress(data) + packer.flush(isal_zlib.Z_FULL_FLUSH))


def _adler_zeros(checksum: int, count: int) -> int:
    """The Adler-32 after `count` more zero bytes."""
    low, high = checksum & 0xFFFF, checksum >> 16
    return (high + count * low) % _ADLER << 16 | low


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", isal_zlib.crc32(data, isal_zlib.crc32(kind)))
