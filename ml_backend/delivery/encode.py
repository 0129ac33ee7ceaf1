"""Encodes frames as a film: with its sound, rate, colour tags, rotation and time code, whole or not at all."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
from av.container import OutputContainer
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from av.video.stream import VideoStream

from ml_backend.delivery.encode_choice import Encoding
from ml_backend.delivery.encode_sound import Sound
from ml_backend.errors import BackendError


@dataclass(frozen=True)
class Tags:
    """What the values of a film mean; the values of ISO/IEC 23091-2 (H.273)."""

    primaries: int
    transfer: int
    matrix: int
    range: int


REORDERED = 2  # frames at most that H.265 is ahead of: in films of no more than these libx265 leaves the dts to chance
REC709 = Tags(ColorPrimaries.BT709, ColorTrc.BT709, Colorspace.ITU709, ColorRange.MPEG)


@dataclass(frozen=True)
class Film:
    """What a film is besides its pictures.

    width, height: as stored, before `rotation` (degrees counter-clockwise). step: of the frames' times, in seconds.
    aspect: width of a pixel by its height; None: not said. timecode: of the first frame.
    """

    width: int
    height: int
    rate: Fraction
    step: Fraction
    tags: Tags
    rotation: int = 0
    aspect: Fraction | None = None
    timecode: str | None = None


def write_film(
    path: Path, container: str, film: Film, how: Encoding, frames: Iterable[VideoFrame], sound: Sound
) -> None:
    """Encode `frames`, which are as `how` stores pixels and whose pts count `film.step`, into the new file `path`.

    One frame is in memory at a time; `sound` is copied beside it. BackendError where FFmpeg refuses.
    """
    try:
        with av.open(str(path), "w", format=container, options={"movflags": "faststart"}) as output:
            stream = _picture_stream(output, film, how)
            sound.add_to(output)
            if film.timecode:
                output.metadata["timecode"] = film.timecode
            count = 0
            for frame in frames:
                count += 1
                for packet in stream.encode(frame):
                    output.mux(sound.until((packet.dts or 0) * packet.time_base))
                    output.mux(packet)
            for packet in stream.encode():
                if count <= REORDERED:  # they come in the order in which they are shown
                    packet.dts = packet.pts
                output.mux(packet)
            output.mux(sound.until(None))
    except FFmpegError as error:
        raise BackendError(
            f"The film cannot be written as {how.encoder} in {container} ({error.strerror}).",
            "Try another --codec, or .mov instead of .mp4.",
        ) from error


def _picture_stream(output: OutputContainer, film: Film, how: Encoding) -> VideoStream:
    stream = cast(VideoStream, output.add_stream(how.encoder, rate=film.rate))
    stream.width, stream.height = film.width, film.height
    stream.pix_fmt = how.pixels
    stream.options = dict(how.options)
    context = stream.codec_context
    context.time_base = film.step
    context.color_primaries, context.color_trc = film.tags.primaries, film.tags.transfer
    context.colorspace = film.tags.matrix
    context.color_range = ColorRange.MPEG if how.limited else film.tags.range
    if how.tag:
        context.codec_tag = how.tag
    if film.aspect:
        context.sample_aspect_ratio = film.aspect
    if film.rotation:
        stream.set_display_rotation(film.rotation)
    return stream
