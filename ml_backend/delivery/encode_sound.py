"""The sound of a film, copied as it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import cast

from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet

from ml_backend.errors import UsageError
from ml_backend.media.movie_file import Movie, open_movie


class Sound:
    """The packets of all sound streams of a movie, handed out as far as the pictures are."""

    def __init__(self, movie: Movie | None = None, begin: Fraction = Fraction(0)) -> None:
        """begin: the time (seconds) in `movie` that becomes 0. No movie: silence."""
        self._begin = begin
        self._sources = [s for s in movie.container.streams.audio if s.codec_context is not None] if movie else []
        self._targets: dict[int, AudioStream] = {}
        self._packets = _packets(movie, self._sources) if movie else iter(())
        self._next: Packet[AudioStream] | None = None

    def add_to(self, output: OutputContainer) -> None:
        """Give `output` the same sound streams. UsageError where its kind of file cannot hold them."""
        for source in self._sources:
            try:
                target = output.add_stream_from_template(source)
            except ValueError as error:
                raise UsageError(
                    f"The sound ({source.codec_context.name}) has no place in {output.format.name}.",
                    "Name the file .mov, or convert the sound to AAC first.",
                ) from error
            target.metadata.update({k: v for k, v in source.metadata.items() if k in ("language", "title")})
            self._targets[source.index] = target

    def until(self, time: Fraction | None) -> list["Packet[AudioStream]"]:
        """The packets up to `time` (seconds in the new film) that were not handed out yet; None: all that are left."""
        ready: list[Packet[AudioStream]] = []
        while packet := self._next or next(self._packets, None):
            moved = round(self._begin / packet.time_base)
            begins = (packet.dts or 0) - moved
            if time is not None and begins * packet.time_base > time:
                self._next = packet
                return ready
            self._next = None
            packet.dts = begins
            if packet.pts is not None:
                packet.pts -= moved
            packet.stream = self._targets[packet.stream.index]
            ready.append(packet)
        return ready


def _packets(movie: Movie, streams: list[AudioStream]) -> Iterator["Packet[AudioStream]"]:
    for packet in movie.container.demux(streams) if streams else ():
        if packet.size and packet.dts is not None:  # an empty one is FFmpeg's end mark
            yield cast("Packet[AudioStream]", packet)


@contextmanager
def sound_of(path: Path | None, begin: Fraction = Fraction(0)) -> Iterator[Sound]:
    """The sound of the movie `path` for a film whose pictures begin at `begin` (seconds in it); None: silence."""
    if path is None:
        yield Sound()
        return
    with open_movie(path) as movie:
        yield Sound(movie, begin)
