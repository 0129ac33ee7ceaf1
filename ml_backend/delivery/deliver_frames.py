"""The frames of a film or a sequence as they are delivered: converted once, and marked in their brightness alone."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, cast

import numpy as np
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from av.video.reformatter import ColorRange, Colorspace

from ml_backend.delivery.encode import REC709, Film, Tags
from ml_backend.delivery.encode_choice import Encoding
from ml_backend.errors import BackendError
from ml_backend.media.frame import Frame, Pixels, Source, SourceInfo
from ml_backend.media.movie_decode import decode, first_frame
from ml_backend.media.movie_file import open_movie
from ml_backend.media.movie_index import read_index
from ml_backend.media.rgb import quarter_turns
from ml_backend.provenance.watermark import embed_luma


@dataclass(frozen=True)
class Footage:
    """A film's form, a function that gives its frames as an encoding stores them, and when it begins (seconds)."""

    film: Film
    frames: Callable[[Encoding, int | None], Iterator[VideoFrame]]
    begin: Fraction = Fraction(0)


def movie_footage(source: Source) -> Footage:
    """A movie: its pictures are never made RGB, so that nothing but the mark and the encoder changes them."""
    path, info = source.info.path, source.info
    like, index = first_frame(path), read_index(path)
    with open_movie(path) as movie:
        aspect = movie.stream.sample_aspect_ratio
        unit = movie.stream.time_base or Fraction(1, 1000)
    times = index.times
    rate = info.fps or Fraction(25)
    even = times is None or not info.variable_rate
    film = Film(
        width=like.width,
        height=like.height,
        rate=rate,
        step=1 / rate if even else unit,
        tags=_tags(like),
        rotation=like.rotation,
        aspect=aspect,
        timecode=info.timecode,
    )

    def frames(how: Encoding, payload: int | None) -> Iterator[VideoFrame]:
        for number, frame in decode(path, index, source.numbers):
            if (frame.width, frame.height) != (like.width, like.height):
                raise BackendError(f"Frame {number} of {path} has another size.", "Split the movie where it changes.")
            made = _stored_as(frame, how, film.tags)
            made.pts = number - 1 if even or times is None else times[number - 1] - times[0]
            yield _finished(made, how, payload, film.step, quarter_turns(frame))

    return Footage(film, frames, times[0] * unit if times is not None else Fraction(0))


def picture_footage(info: SourceInfo, pictures: Iterable[Frame], rate: Fraction) -> Footage:
    """Pictures: the film has the colours of Rec.709 in limited range, as players expect them."""
    film = Film(info.width, info.height, rate, 1 / rate, REC709, timecode=info.timecode)

    def frames(how: Encoding, payload: int | None) -> Iterator[VideoFrame]:
        for place, frame in enumerate(pictures):
            made = _of_rgb(frame.image).reformat(
                format=how.pixels, dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
            )
            made.pts = place
            yield _finished(made, how, payload, film.step, 0)

    return Footage(film, frames)


def _tags(frame: VideoFrame) -> Tags:
    if frame.format.is_rgb:
        return REC709
    return Tags(frame.color_primaries, frame.color_trc, frame.colorspace, frame.color_range)


def _of_rgb(image: Pixels) -> VideoFrame:
    if image.dtype == np.uint8:
        return VideoFrame.from_ndarray(np.ascontiguousarray(image, np.uint8), format="rgb24")
    return VideoFrame.from_ndarray(np.ascontiguousarray(image, np.uint16), format="rgb48le")


def _stored_as(frame: VideoFrame, how: Encoding, tags: Tags) -> VideoFrame:
    target = ColorRange.MPEG if how.limited else tags.range
    if frame.format.is_rgb:
        return frame.reformat(format=how.pixels, dst_colorspace=tags.matrix, dst_color_range=target)
    if frame.format.name == how.pixels and target == tags.range:
        frame.make_writable()
        return frame
    return frame.reformat(
        format=how.pixels,
        src_colorspace=frame.colorspace,
        dst_colorspace=frame.colorspace,
        src_color_range=frame.color_range,
        dst_color_range=target,
    )


def _finished(frame: VideoFrame, how: Encoding, payload: int | None, step: Fraction, turns: int) -> VideoFrame:
    frame.time_base = step
    frame.pict_type = 0  # the encoder's own choice
    if payload is not None:
        plane = _values(frame.planes[0], how.bits)
        # upright, as it will be seen and read
        plane[:] = np.rot90(embed_luma(np.ascontiguousarray(np.rot90(plane, turns)), payload, how.bits), -turns)
    return frame


def _values(plane: VideoPlane, bits: int) -> Pixels:
    """The plane's own memory, H×W."""
    kind: np.dtype[Any] = np.dtype(np.uint8 if bits == 8 else np.uint16)
    rows = np.frombuffer(memoryview(plane), kind).reshape(-1, plane.line_size // kind.itemsize)
    return cast(Pixels, rows[: plane.height, : plane.width])
