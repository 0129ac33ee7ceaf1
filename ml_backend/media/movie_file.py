"""Opens a movie file and reads the packets of its picture stream."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple, cast

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from ml_backend.errors import BackendError
from ml_backend.media.readable import require_readable

# Text files and playlists that FFmpeg would "play": a playlist could name any file or address.
_NOT_MOVIES = frozenset({"tty", "concat", "hls", "dash", "sdp", "ffmetadata", "srt", "webvtt", "ass"})
_EXPORT_AGAIN = "Copy or export it again, for instance as H.264 in an mp4 file."


class Movie(NamedTuple):
    """An open movie file and its picture stream."""

    container: InputContainer
    stream: VideoStream

    @property
    def formats(self) -> frozenset[str]:
        """FFmpeg's names of the container format, such as mov, matroska, avi, mpegts."""
        return frozenset(self.container.format.name.split(","))


@contextmanager
def open_movie(path: Path) -> Iterator[Movie]:
    """Open `path` and its first picture stream. UsageError or BackendError says what is wrong with the file."""
    require_readable(path)
    try:
        container = av.open(str(path.absolute()), options={"protocol_whitelist": "file"}, metadata_errors="replace")
    except FFmpegError as error:
        raise BackendError(
            f"{path} is not a readable movie: it is damaged, unfinished or of an unknown kind ({error.strerror}).",
            _EXPORT_AGAIN,
        ) from error
    with container:
        yield Movie(container, _picture_stream(path, container))


def _picture_stream(path: Path, container: InputContainer) -> VideoStream:
    if _NOT_MOVIES.intersection(container.format.name.split(",")):
        raise BackendError(f"{path} is not a movie ({container.format.name}).", "Name a movie file or pictures.")
    # A cover picture in a sound file counts as a video stream for FFmpeg.
    streams = [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]
    if not streams:
        what = "only sound" if container.streams.audio else "no picture stream"
        raise BackendError(f"{path} has {what}, no pictures.", "Name the file with the pictures.")
    stream = streams[0]
    if stream.codec_context is None:
        raise BackendError(f"{path} uses a codec that this FFmpeg cannot decode.", _EXPORT_AGAIN)
    # Slices only: with frame threads H.264 can report a damaged frame after it was handed out.
    stream.thread_type = "SLICE"
    return stream


class Packets:
    """The picture packets of a movie in decoding order, from where the file stands to its readable end."""

    def __init__(self, movie: Movie, every_stream: bool = False) -> None:
        """`every_stream` reads the other streams too, so that `end` covers them."""
        self._movie = movie
        self._streams = movie.container.streams.get() if every_stream else [movie.stream]
        self.failed = False
        """Did reading end with an error instead of the end of the file?"""
        self.end = Fraction(0)
        """When the latest packet ends, in seconds."""

    def __iter__(self) -> Iterator["Packet[VideoStream]"]:
        try:
            for packet in self._movie.container.demux(self._streams):
                if packet.pts is not None:
                    self.end = max(self.end, (packet.pts + (packet.duration or 0)) * packet.time_base)
                # An empty packet would flush the decoder: FFmpeg's own end mark, or a dropped frame in an AVI.
                if packet.size and packet.stream_index == self._movie.stream.index:
                    yield cast("Packet[VideoStream]", packet)
        except FFmpegError:
            self.failed = True


def decoded(movie: Movie, packets: Iterator["Packet[VideoStream]"]) -> Iterator[VideoFrame | None]:
    """The frames of `packets` in the order of showing, and None for each packet that the decoder refused."""
    for packet in packets:
        try:
            frames = packet.decode()
        except FFmpegError:
            yield None
            continue
        yield from frames
    try:
        yield from movie.stream.codec_context.decode(None)
    except FFmpegError:
        yield None
