"""Writes movies."""

import os
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Literal

import av
import numpy as np
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from av.video.stream import VideoStream

from ml_backend.atomic import temporary
from ml_backend.errors import UsageError
from ml_backend.media.frame import Pixels


def write_movie(
    path: Path,
    images: Iterable[Pixels],
    fps: Fraction,
    *,
    chroma: Literal["420", "444"] = "420",
    crf: int = 16,
) -> None:
    """Write H×W×3 RGB uint8 `images` as an H.264 movie (mp4, limited-range BT.709), atomically.

    One image is in memory at a time. Odd sizes are written as 4:4:4, the only form H.264 has for them.
    UsageError for no images, or images of another kind or of different sizes.
    """
    queue = iter(images)
    first = next(queue, None)
    if first is None:
        raise UsageError(f"There are no pictures for {path}.", "Give at least one.")
    pictures = _checked(path, chain([first], queue), first)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = temporary(path)
    try:
        with av.open(str(part), "w", format="mp4", options={"movflags": "faststart"}) as container:
            stream = _add_stream(container, first, fps, chroma, crf)
            for number, image in enumerate(pictures):
                container.mux(stream.encode(_frame(image, number, stream)))
            container.mux(stream.encode())
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _add_stream(container: OutputContainer, first: Pixels, fps: Fraction, chroma: str, crf: int) -> VideoStream:
    stream = container.add_stream("libx264", rate=fps)
    stream.height, stream.width = first.shape[:2]
    odd = stream.height % 2 == 1 or stream.width % 2 == 1
    stream.pix_fmt = "yuv444p" if odd else f"yuv{chroma}p"
    stream.options = {"crf": str(crf)}
    context = stream.codec_context
    context.color_range = ColorRange.MPEG
    context.colorspace = Colorspace.ITU709
    context.color_primaries = ColorPrimaries.BT709
    context.color_trc = ColorTrc.BT709
    return stream


def _frame(image: Pixels, number: int, stream: VideoStream) -> VideoFrame:
    rgb = VideoFrame.from_ndarray(np.ascontiguousarray(image, dtype=np.uint8), format="rgb24")
    frame = rgb.reformat(format=stream.pix_fmt, dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG)
    frame.pts = number
    return frame


def _checked(path: Path, images: Iterable[Pixels], first: Pixels) -> Iterator[Pixels]:
    for image in images:
        if image.ndim != 3 or image.shape != first.shape or image.shape[2] != 3 or image.dtype != np.uint8:
            raise UsageError(
                f"A picture for {path} has the shape {image.shape} and type {image.dtype}.",
                "Give H×W×3 RGB uint8 pictures of one size.",
            )
        yield image
