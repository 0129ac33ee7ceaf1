"""Counts the frames of an MP4 or QuickTime movie from its index, without decoding.

Blender estimates a movie's length and hides what it does to a variable frame rate; the index tells both.
Boxes as in ISO/IEC 14496-12.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_HDR_TRANSFERS = (16, 18)  # PQ and HLG, ITU-T H.273
_SDR_CODECS = (b"avc1", b"avc3", b"mp4v", b"jpeg", b"apcn", b"apcs", b"apco", b"apch")
_DEEP_CODECS = (b"apcn", b"apcs", b"apco", b"apch", b"ap4h", b"ap4x", b"AVdh", b"v210")
_DEEP_H264 = (110, 122, 244)  # the profiles High 10, High 4:2:2 and High 4:4:4, which may have more than 8 bit
_CONTAINERS = frozenset({b"moov", b"trak", b"edts", b"mdia", b"minf", b"stbl"})
_MAX_INDEX_BYTES = 256 * 2**20
Box = tuple[bytes, bytes]


@dataclass(frozen=True)
class MovieProbe:
    """`frames` in the video stream, whether all last equally long and are all shown, and what may be HDR.

    `bits` of a value of its pictures: 8 also where the index does not tell.
    """

    frames: int
    constant_rate: bool
    may_be_hdr: bool
    bits: int = 8


def probe(path: Path) -> MovieProbe | None:
    """The first video stream of `path`; None when the file is no MP4 or QuickTime movie with a plain index."""
    try:
        with path.open("rb") as file:
            moov = _find_moov(file)
        if moov is None:
            return None
        for name, track in _boxes(moov):
            if name == b"trak":
                found = _video(_first_of_each(track))
                if found is not None:
                    return found
    except (OSError, struct.error, ValueError):
        pass
    return None


def _find_moov(file: BinaryIO) -> bytes | None:
    while len(header := file.read(8)) == 8:
        size, name = struct.unpack(">I4s", header)
        body = size - 8
        if size == 1:
            body = struct.unpack(">Q", file.read(8))[0] - 16
        if name == b"moov" and 0 <= body <= _MAX_INDEX_BYTES:
            return file.read(body)
        if size == 0 or body < 0 or not name.isascii():
            return None
        file.seek(body, 1)
    return None


def _boxes(data: bytes) -> Iterator[Box]:
    at = 0
    while at + 8 <= len(data):
        size, name = struct.unpack_from(">I4s", data, at)
        if size < 8 or at + size > len(data):
            return
        yield name, data[at + 8 : at + size]
        at += size


def _flatten(data: bytes) -> Iterator[Box]:
    for name, body in _boxes(data):
        if name in _CONTAINERS:
            yield from _flatten(body)
        else:
            yield name, body


def _first_of_each(track: bytes) -> dict[bytes, bytes]:
    """QuickTime has a second `hdlr` further down that tells of the data, not of the track."""
    boxes: dict[bytes, bytes] = {}
    for name, body in _flatten(track):
        boxes.setdefault(name, body)
    return boxes


def _video(track: dict[bytes, bytes]) -> MovieProbe | None:
    if track.get(b"hdlr", b"")[8:12] != b"vide" or b"stts" not in track:
        return None
    durations = _pairs(track[b"stts"], ">II")
    frames = sum(count for count, _ in durations)
    even = len(durations) == 1 or (len(durations) == 2 and durations[1][0] == 1)
    whole = _shows_all(track, durations[0][1] if durations else 0)
    codec = track.get(b"stsd", b"")
    return MovieProbe(frames, frames > 0 and even and whole, _may_be_hdr(codec), _bits(codec))


def _pairs(table: bytes, layout: str) -> list[tuple[int, ...]]:
    count = struct.unpack_from(">I", table, 4)[0]
    size = struct.calcsize(layout)
    return [struct.unpack_from(layout, table, 8 + size * i) for i in range(count)]


def _shows_all(track: dict[bytes, bytes], step: int) -> bool:
    """Does the edit list start with the first frame? It may only skip the delay that B-frames cause."""
    table = track.get(b"elst")
    if table is None:
        return True
    edits = _pairs(table, ">Qqi" if table[0] == 1 else ">Iii")
    offsets = _pairs(track[b"ctts"], ">Ii") if b"ctts" in track else []
    first_shown = min((offset + step * start for start, offset in _first_offsets(offsets)), default=0)
    return len(edits) == 1 and edits[0][1] == first_shown


def _first_offsets(runs: list[tuple[int, ...]], limit: int = 64) -> Iterator[tuple[int, int]]:
    """(sample number, composition offset) at the start of the first runs: a run's first sample shows earliest."""
    sample = 0
    for count, offset in runs[:limit]:
        yield sample, offset
        sample += count


def _may_be_hdr(descriptions: bytes) -> bool:
    """By the colour tag; a codec that HDR comes in must have one. `descriptions` is the `stsd` box."""
    at = max(descriptions.find(b"colrnclx"), descriptions.find(b"colrnclc"))
    if at < 0:
        return descriptions[12:16] not in _SDR_CODECS
    return struct.unpack_from(">H", descriptions, at + 10)[0] in _HDR_TRANSFERS


def _bits(descriptions: bytes) -> int:
    """From what the codec says in the `stsd` box: ISO/IEC 14496-15 for H.264 and HEVC, and the like for AV1 and VP9."""
    if descriptions[12:16] in _DEEP_CODECS:
        return 10
    if (at := descriptions.find(b"hvcC")) >= 0 and at + 22 < len(descriptions):
        return 8 + (descriptions[at + 4 + 17] & 7)
    if (at := descriptions.find(b"avcC")) >= 0 and at + 6 < len(descriptions):
        return 10 if descriptions[at + 5] in _DEEP_H264 else 8
    if (at := descriptions.find(b"av1C")) >= 0 and at + 7 < len(descriptions):
        return 10 if descriptions[at + 6] & 0x40 else 8
    if (at := descriptions.find(b"vpcC")) >= 0 and at + 11 < len(descriptions):
        return descriptions[at + 10] >> 4
    return 8
