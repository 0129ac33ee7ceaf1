"""Which frames a movie has, and from where each one can be decoded, found without decoding pictures."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from av.packet import Packet
from av.video.stream import VideoStream

from ml_backend.errors import BackendError
from ml_backend.media.movie_end import is_cut_off
from ml_backend.media.movie_file import Movie, Packets, decoded, open_movie

_DEPENDENT_KEYS = frozenset({"gif", "apng"})  # formats that mark frames as keys which build on earlier ones
_UNSIZED_PACKETS = frozenset({"mpegts", "gif"})  # formats that do not tell a partial last frame of a cut file
_ONLY_DURATION = frozenset({"matroska", "flv"})  # formats whose readers can stop at a damaged spot without an error
_MOST_REORDERED = 16  # no codec shows a frame later than this many others that it is decoded before
_VP8_SHOWN = 0x10  # the bit of a VP8 frame header (RFC 6386, 9.1) that hidden reference frames leave unset


class Key(NamedTuple):
    """A frame that needs no other one, by its time of showing and of decoding."""

    pts: int
    dts: int


@dataclass(frozen=True)
class MovieIndex:
    """The frames of a movie. Times are in the stream's time base.

    `times` are the times of showing, ascending; frame n is `times[n - 1]`. None means that the file has no
    usable times and is decoded from its start, frame by frame. `damaged` are times that the container itself
    marks as broken. `promised` is set where the file is cut off: the number of frames that it should have,
    or 0 where only that is known that some are missing; `count` then is how many can be read.
    """

    count: int
    times: Sequence[int] | None
    keys: Sequence[Key]
    damaged: frozenset[int]
    promised: int | None

    def number(self, time: int | None) -> int | None:
        """The number of the frame shown at `time`."""
        if self.times is None or time is None:
            return None
        place = bisect_left(self.times, time)
        return place + 1 if place < len(self.times) and self.times[place] == time else None

    def key_before(self, number: int) -> Key | None:
        """The last key at or before frame `number`; None: the start of the file."""
        return None if self.times is None else self._last_key(self.times[number - 1])

    def earlier(self, key: Key) -> Key | None:
        """The key before `key`; None: the start of the file."""
        return self._last_key(key.pts - 1)

    def first_number(self, key: Key | None) -> int:
        """The number of the first frame that is shown at or after `key`."""
        return 1 if key is None or self.times is None else bisect_left(self.times, key.pts) + 1

    def resumes_at(self, number: int) -> int | None:
        """The first frame after `number` that needs no earlier one; None where there is none."""
        if self.times is None:
            return None
        place = bisect_right(self.keys, self.times[number - 1], key=lambda key: key.pts)
        return self.first_number(self.keys[place]) if place < len(self.keys) else None

    def _last_key(self, time: int) -> Key | None:
        place = bisect_right(self.keys, time, key=lambda key: key.pts)
        return self.keys[place - 1] if place else None


def read_index(path: Path) -> MovieIndex:
    """Read all packets of `path`. BackendError where the file has no frame."""
    with open_movie(path) as movie:
        index = _from_packets(path, movie)
    return _by_decoding(path) if index is None else index


def is_variable(times: Sequence[int]) -> bool:
    """Do the times stray from an even rhythm by more than rounding and a quarter of a frame?"""
    if len(times) < 3:
        return False
    step = Fraction(times[-1] - times[0], len(times) - 1)
    allowed = max(Fraction(1), step / 4)
    return any(abs(time - times[0] - place * step) > allowed for place, time in enumerate(times))


def _from_packets(path: Path, movie: Movie) -> MovieIndex | None:
    """The index by the packets' times; None where they are missing, repeated or known to be guesses."""
    times: list[int] = []
    keys: list[Key] = []
    damaged: set[int] = set()
    seen = 0
    usable, partial = True, False
    end, last_duration = 0, 0
    packets = Packets(movie, every_stream=not _ONLY_DURATION.isdisjoint(movie.formats))
    for packet in packets:
        seen += 1
        partial = packet.is_corrupt
        if packet.pts is None:
            usable = False
            continue
        decoding_time = packet.pts if packet.dts is None else packet.dts
        last_duration = 0 if partial else packet.duration or 1
        end = decoding_time + last_duration
        if packet.is_keyframe:
            usable = usable and (not keys or packet.pts > keys[-1].pts)
            keys.append(Key(packet.pts, decoding_time))
        if partial:
            damaged.add(packet.pts)
        if _is_shown(packet):
            times.append(packet.pts)
    if seen == 0:
        raise BackendError(f"{path} has no pictures in its picture stream.", "Copy or export it again.")
    guessed = "avi" in movie.formats and len(keys) < seen  # AVI stores no times of showing
    if not usable or guessed or len(set(times)) != len(times):
        return None
    times.sort()
    promised = _promised(path, movie, packets, seen, partial)
    if promised is not None:
        promised = max(0, promised - (seen - len(times)))
        if not _UNSIZED_PACKETS.isdisjoint(movie.formats):
            end -= last_duration
    # Of a file cut within a group, pictures that show earlier may be among those that are lost.
    readable = len(times) if promised is None else bisect_left(times, end)
    if not _DEPENDENT_KEYS.isdisjoint(movie.formats):
        keys = []
    return MovieIndex(readable, times, keys, frozenset(damaged), promised)


def _is_shown(packet: "Packet[VideoStream]") -> bool:
    if packet.is_discard:  # before the start that an edit list sets
        return False
    return packet.stream.codec.name not in ("vp8", "libvpx") or bool(bytes(packet)[0] & _VP8_SHOWN)


def _promised(path: Path, movie: Movie, packets: Packets, seen: int, partial: bool) -> int | None:
    """How many packets the container of a cut file promises, 0 if unknown; None for a complete file."""
    failed = packets.failed or partial
    if "mov" in movie.formats:
        entries = len(movie.stream.index_entries)
        if entries > seen or failed:
            return entries
        in_fragments = movie.stream.frames == 0  # then the index knows only the fragments that are there
        return 0 if in_fragments and is_cut_off(path, movie) else None
    claimed = movie.stream.frames
    if not failed and "avi" in movie.formats and 0 < claimed <= seen:
        return None
    if failed or is_cut_off(path, movie) or _ends_early(movie, packets.end):
        return claimed if claimed > seen else 0
    return None


def _ends_early(movie: Movie, end: Fraction) -> bool:
    """Do the packets stop early by the only trace there is of the lost ones, the duration in the header?"""
    rate = movie.stream.average_rate
    if _ONLY_DURATION.isdisjoint(movie.formats) or not movie.container.duration or not rate:
        return False
    return Fraction(movie.container.duration, 1_000_000) - end > 3 / rate


def _by_decoding(path: Path) -> MovieIndex:
    """Count the frames of a file without usable times, in constant memory."""
    count = 0
    damaged = False
    with open_movie(path) as movie:
        packets = Packets(movie)
        for frame in decoded(movie, iter(packets)):
            damaged = frame is None or frame.is_corrupt
            if damaged:
                break
            count += 1
        promised = movie.stream.frames if movie.stream.frames > count else 0
        if damaged:
            return MovieIndex(count, None, (), frozenset(), promised)
        if packets.failed or is_cut_off(path, movie):
            return MovieIndex(max(0, count - 1 - _MOST_REORDERED), None, (), frozenset(), promised)
    return MovieIndex(count, None, (), frozenset(), None)
