"""Which pictures hold all that a file shows: by its header, without decoding, and by the colour space it is read in."""

import re
import struct
from enum import IntEnum
from pathlib import Path

from . import movie_probe

_LIGHT = {".exr", ".hdr"}
_HEAD_BYTES = 65536
_AS_STORED = ("sRGB", "Non-Color")
# Of all other colour spaces some part is darker than black or brighter than white in Rec.709 light
_WITHIN_REC709 = re.compile(r"Linear Rec\.709|Rec\.1886|Gamma [0-9.]+ Encoded Rec\.709")


class Depth(IntEnum):
    """The pictures that hold a file's values exactly: 8-bit PNG, 16-bit PNG, or half-float EXR of linear light."""

    BYTE = 8
    DEEP = 16
    LIGHT = 32


def in_space(depth: Depth, colourspace: str) -> Depth:
    """The depth of a file of `depth` that a strip reads in `colourspace`, whose steps fall between those of sRGB."""
    if colourspace in _AS_STORED:
        return depth
    return max(depth, Depth.DEEP if _WITHIN_REC709.fullmatch(colourspace) else Depth.LIGHT)


def is_hdr(colourspace: str) -> bool:
    """Is it PQ or HLG, which Blender knows from 5.0 on? Its light of 100 cd/m² is then 1.0."""
    return colourspace.startswith("Rec.2100-")


def of_picture(path: Path) -> Depth:
    """The depth of a still picture; BYTE for kinds that never hold more, and for what cannot be read."""
    suffix = path.suffix.lower()
    if suffix in _LIGHT:
        return Depth.LIGHT
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
        if suffix == ".png":
            return Depth.DEEP if head[12:16] == b"IHDR" and head[24] == 16 else Depth.BYTE
        if suffix in (".dpx", ".cin", ".jp2", ".j2k"):
            return Depth.DEEP
        if suffix in (".tif", ".tiff"):
            return _of_tiff(head, path)
    except (OSError, struct.error, IndexError):
        pass
    return Depth.BYTE


def of_movie(path: Path) -> Depth:
    """The depth of a movie: more than 8 bit where its index tells so, BYTE where it has none that is understood."""
    found = movie_probe.probe(path)
    return Depth.DEEP if found is not None and found.bits > 8 else Depth.BYTE


def _of_tiff(head: bytes, path: Path) -> Depth:
    """By BitsPerSample (tag 258) of the first directory, whose count says whether the values lie there or elsewhere."""
    order = "<" if head[:2] == b"II" else ">"
    start = struct.unpack_from(f"{order}I", head, 4)[0]
    with path.open("rb") as file:
        file.seek(start)
        entries = struct.unpack(f"{order}H", file.read(2))[0]
        table = file.read(entries * 12)
        for number in range(entries):
            tag, _, count = struct.unpack_from(f"{order}HHI", table, number * 12)
            if tag == 258:
                if count <= 2:
                    bits = struct.unpack_from(f"{order}H", table, number * 12 + 8)[0]
                else:
                    file.seek(struct.unpack_from(f"{order}I", table, number * 12 + 8)[0])
                    bits = struct.unpack(f"{order}H", file.read(2))[0]
                return Depth.LIGHT if bits >= 32 else Depth.DEEP if bits > 8 else Depth.BYTE
    return Depth.BYTE
