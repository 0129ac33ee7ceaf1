"""Does a movie file end before its container says it does?"""

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from ml_backend.media.movie_file import Movie

_UNKNOWN_SIZES = (0, 0xFFFFFFFF)
_TRANSPORT_PACKETS = ((188, 0), (192, 4), (204, 0))  # length of a packet and place of its sync byte


def is_cut_off(path: Path, movie: Movie) -> bool:
    """True where the bytes of `path` stop short of what its container's structure promises.

    Knows MP4, AVI, Matroska, MPEG-TS and GIF; False for others.
    """
    checks: dict[str, Callable[[BinaryIO, int], bool]] = {
        "mov": _mp4_is_cut,
        "avi": _avi_is_cut,
        "matroska": _matroska_is_cut,
        "mpegts": _transport_stream_is_cut,
        "gif": _gif_is_cut,
    }
    size = path.stat().st_size
    with path.open("rb") as file:
        return any(check(file, size) for name, check in checks.items() if name in movie.formats)


def _mp4_is_cut(file: BinaryIO, size: int) -> bool:
    position = 0
    while position + 8 <= size:
        file.seek(position)
        head = file.read(16)
        length = int.from_bytes(head[:4])
        if length == 1:  # a 64-bit size follows the type
            length = int.from_bytes(head[8:])
        if length < 8:  # 0: to the end of the file, also what padding with zeros looks like
            return False
        position += length
    return position != size


def _avi_is_cut(file: BinaryIO, size: int) -> bool:
    position = 0
    while position < size:  # files over 1 GiB are several RIFF chunks one after another
        file.seek(position)
        head = file.read(8)
        length = int.from_bytes(head[4:], "little")
        if head[:4] != b"RIFF" or length in _UNKNOWN_SIZES:
            return False
        position += 8 + length
    return position > size + 1  # the padding byte of an odd chunk may be left out


def _matroska_is_cut(file: BinaryIO, size: int) -> bool:
    file.seek(0)
    head = file.read(4096)
    position = 4
    length, width = _matroska_size(head, position)
    if head[:4] != b"\x1aE\xdf\xa3" or length is None:
        return False
    position += width + length
    if head[position : position + 4] != b"\x18S\x80g":
        return False
    length, width = _matroska_size(head, position + 4)
    return length is not None and position + 4 + width + length > size


def _matroska_size(data: bytes, position: int) -> tuple[int | None, int]:
    """The size at `position` (None: unknown) and the number of bytes it is written in."""
    first = data[position] if position < len(data) else 0
    width = 9 - first.bit_length()
    if first == 0 or position + width > len(data):
        return None, 1
    mask = (1 << 7 * width) - 1
    value = int.from_bytes(data[position : position + width]) & mask
    return (None if value == mask else value), width


def _transport_stream_is_cut(file: BinaryIO, size: int) -> bool:
    file.seek(0)
    head = file.read(256)
    for length, sync in _TRANSPORT_PACKETS:
        if head[sync : sync + 1] == head[sync + length : sync + length + 1] == b"\x47":
            return size % length != 0
    return False


def _gif_is_cut(file: BinaryIO, size: int) -> bool:
    file.seek(size - 1)
    return file.read(1) != b"\x3b"
