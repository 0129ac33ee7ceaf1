"""Decoded frames to RGB arrays, bit for bit as Blender reads the same file."""

from fractions import Fraction

import numpy as np
from av.filter import Graph
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange

from ml_backend.media.frame import Pixels

ANY_TIME_BASE = Fraction(1, 1000)  # raw streams have none, and the conversion does not look at it
WHITE_OF_YUV = 65283  # FFmpeg's scaler makes this of limited white in 16 bit, and Blender shows it so
_SCALER = "flags=neighbor+full_chroma_int+accurate_rnd"


def bit_depth(frame: VideoFrame) -> int:
    """The bits of the frame's deepest component."""
    return max(component.bits for component in frame.format.components)


def quarter_turns(frame: VideoFrame) -> int:
    """How often the picture must be turned by 90° counter-clockwise to stand upright, 0–3."""
    return round(frame.rotation / 90) % 4


def white(frame: VideoFrame) -> float:
    """What `RgbConverter` makes of the movie's white, in 0–1 of the range of its values."""
    bits = bit_depth(frame)
    if frame.format.is_rgb or bits <= 8:
        return 1.0
    if frame.color_range == ColorRange.JPEG:  # codes are moved up, so that white keeps zeros in the lowest bits
        return float(65536 - 2 ** (16 - bits)) / 65535
    return WHITE_OF_YUV / 65535


class RgbConverter:
    """Converts the frames of one movie; the filter graph is kept as long as the frames' format stays the same."""

    def __init__(self, deep: bool) -> None:
        """`deep` asks for uint16 instead of uint8. For white see `white`."""
        self._format = "rgb48le" if deep else "rgb24"
        self._graph: Graph | None = None
        self._built_for: tuple[object, ...] = ()

    def convert(self, frame: VideoFrame) -> Pixels:
        """H×W×3 RGB with the movie's rotation applied."""
        wanted = (frame.width, frame.height, frame.format.name, int(frame.colorspace), int(frame.color_range))
        if self._graph is None or wanted != self._built_for:
            self._graph = self._build(frame)
            self._built_for = wanted
        self._graph.push(frame)
        rgb = self._graph.vpull().to_ndarray()
        return np.ascontiguousarray(np.rot90(rgb, quarter_turns(frame))).astype(rgb.dtype.newbyteorder("="), copy=False)

    def _build(self, frame: VideoFrame) -> Graph:
        graph = Graph()
        graph.link_nodes(
            graph.add_buffer(
                width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base or ANY_TIME_BASE
            ),
            graph.add("scale", _SCALER),
            graph.add("format", f"pix_fmts={self._format}"),
            graph.add("buffersink"),
        ).configure()
        return graph
