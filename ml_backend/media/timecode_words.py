"""Time code as an EXR header holds it: two words, with flags and user data (SMPTE ST 12-1)."""

from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from ml_backend.media.timecode import parts, read_timecode

DROP_FRAME, COLOUR_FRAME, FIELD_PHASE = 1 << 6, 1 << 7, 1 << 15
BINARY_GROUP_FLAGS = 1 << 23, 1 << 30, 1 << 31

_TENS = (3, 7, 7, 3)  # the largest that the words hold of hours, minutes, seconds and frames
_SHIFTS = (24, 16, 8, 0)
_PAIRS_ABOVE = 30  # frames a second


class Words(NamedTuple):
    """Two unsigned 32-bit words. OpenEXR always packs them as for 60 fields (ImfTimeCode.h).

    time: hours, minutes, seconds and frame as binary-coded decimals, and the flags. user: the eight binary groups.
    """

    time: int
    user: int = 0


@dataclass(frozen=True)
class Timecode:
    """The time code of one frame.

    text: HH:MM:SS:FF, or HH:MM:SS;FF for drop frame; None where the words are no time of a day.
    words: what the frame's own file holds; None where it holds none.
    """

    text: str | None
    words: Words | None = None


def join(hours: int, minutes: int, seconds: int, frame: int, flags: int = 0, user: int = 0) -> Words | None:
    """The words of these numbers, none negative; flags: bits of the first word. None where a number does not fit."""
    time = flags
    for value, tens, shift in zip((hours, minutes, seconds, frame), _TENS, _SHIFTS, strict=True):
        if value // 10 > tens:
            return None
        time |= (value // 10 << 4 | value % 10) << shift
    return Words(time, user)


def pack(timecode: str, fps: Fraction | None) -> Words | None:
    """The words of a time code as text. None where its frame does not fit. UsageError for no time code.

    Above 30 frames a second the words count pairs of frames, and the field flag marks the second one of a pair
    (ST 12-1, section 12.1; FFmpeg's av_timecode_get_smpte). Without a rate the frame is written as it is.
    """
    hours, minutes, seconds, frame, drop = parts(timecode)
    flags = DROP_FRAME if drop else 0
    if _counts_pairs(fps):
        flags |= FIELD_PHASE if frame % 2 else 0
        frame //= 2
    return join(hours, minutes, seconds, frame, flags)


def unpack(words: Words, fps: Fraction | None) -> str | None:
    """The time code as text; None where the words are no time of a day.

    Above 30 frames a second they are read as `pack` writes them. A frame that cannot count pairs at this rate is taken
    as it is. Without a rate it is always taken so, and frames of a pair have the same text.
    """
    hours, minutes, seconds, frame = (
        (words.time >> shift + 4 & tens) * 10 + (words.time >> shift & 15)
        for tens, shift in zip(_TENS, _SHIFTS, strict=True)
    )
    if fps is not None and _counts_pairs(fps):
        counted = 2 * frame + bool(words.time & FIELD_PHASE)
        frame = counted if counted < round(fps) else frame
    mark = ";" if words.time & DROP_FRAME else ":"
    return read_timecode(f"{hours:02d}:{minutes:02d}:{seconds:02d}{mark}{frame:02d}")


def _counts_pairs(fps: Fraction | None) -> bool:
    return fps is not None and fps > _PAIRS_ABOVE
