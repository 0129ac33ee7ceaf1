"""Decodes the wanted frames of a movie: seeks, decodes forward and counts every frame on the way."""

from collections.abc import Generator, Iterator, Sequence
from pathlib import Path

from av.error import FFmpegError
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from ml_backend.errors import BackendError
from ml_backend.media.movie_damage import damaged_frame
from ml_backend.media.movie_file import Movie, Packets, decoded, open_movie
from ml_backend.media.movie_index import Key, MovieIndex

_Run = Generator[tuple[int, VideoFrame], None, None]

# Opening the file anew for a seek costs about as much as decoding this many frames.
_WORTH_A_SEEK = 16


class _SeekMissed(Exception):
    """From this key the first frame does not come out right; from an earlier one it may."""


def decode(path: Path, index: MovieIndex, wanted: Sequence[int]) -> _Run:
    """The frames `wanted` (ascending) with their numbers, the same pictures that a full decode gives.

    BackendError where a frame that is wanted, or one that it may build on, is damaged or lost.
    """
    if not wanted:
        return
    run = _run(path, index, wanted[0])
    position = wanted[0]
    for number in wanted:
        if index.first_number(index.key_before(number)) > position + _WORTH_A_SEEK:
            run.close()
            run = _run(path, index, number)
        yield next(item for item in run if item[0] == number)
        position = number + 1
    run.close()


def first_frame(path: Path) -> VideoFrame:
    """The first frame that decodes. BackendError where none does."""
    with open_movie(path) as movie:
        for frame in decoded(movie, iter(Packets(movie))):
            if frame is not None:
                return frame
    raise BackendError(f"No frame of {path} can be decoded.", "Copy or export it again.")


def _run(path: Path, index: MovieIndex, start: int) -> _Run:
    """All frames from the key before `start` to the end, without a hole."""
    if index.times is None:
        yield from _count_from_start(path)
        return
    key = index.key_before(start)
    first = index.first_number(key)
    while True:
        try:
            yield from _run_from(path, index, key, first)
            return
        except _SeekMissed:
            key = index.earlier(key) if key else None


def _run_from(path: Path, index: MovieIndex, key: Key | None, first: int) -> _Run:
    """The frames from number `first` on, decoded from `key`. `_SeekMissed` only before the first one."""
    begins = index.first_number(key)
    expected = first
    settled = key is None
    with open_movie(path) as movie:
        for frame in decoded(movie, _packets_from(movie, key)):
            number = index.number(frame.pts) if frame is not None else None
            # A packet that was refused leaves a hole, which the number of the next frame shows.
            if frame is None or number is None:
                continue
            if number < expected:
                settled = settled or number >= begins
                continue
            if number > expected or frame.is_corrupt or frame.pts in index.damaged:
                break
            settled = True
            yield number, frame
            expected += 1
    if not settled:
        raise _SeekMissed
    if expected <= index.count:
        raise damaged_frame(path, expected, index.resumes_at(expected))


def _packets_from(movie: Movie, key: Key | None) -> Iterator["Packet[VideoStream]"]:
    """The packets from `key` on; some demuxers go to an earlier packet than they are asked for."""
    if key is not None:
        try:
            movie.container.seek(min(key), stream=movie.stream)
        except FFmpegError as error:
            raise _SeekMissed from error
    found = key is None
    for packet in Packets(movie):
        if key is not None and not found:
            if packet.pts is None or packet.pts > key.pts:
                raise _SeekMissed
            found = packet.pts == key.pts
        if found:
            yield packet
    if not found:
        raise _SeekMissed


def _count_from_start(path: Path) -> _Run:
    number = 0
    with open_movie(path) as movie:
        for frame in decoded(movie, iter(Packets(movie))):
            number += 1
            if frame is None or frame.is_corrupt:
                raise damaged_frame(path, number)
            yield number, frame
    raise damaged_frame(path, number + 1)
