"""Writes a PQ or HLG movie of 10 bit, or tells what the backend sees in a plate. Run by the backend's Python.

Arguments: `write`, the file, "pq" or "hlg"; or `read` and a plate as JSON. The movie's rows are a ramp of all codes.
"""

import json
import sys
from fractions import Fraction

import av
import numpy as np
from av.video.reformatter import ColorPrimaries, ColorRange, ColorTrc

from ml_backend.media.colour import unit
from ml_backend.media.source import open_source
from ml_backend.requests import Plate

WIDTH, HEIGHT, COUNT = 256, 64, 3
BT2020_MATRIX = 9  # AVCOL_SPC_BT2020_NCL, which older PyAV has no name for
TRANSFERS = {"pq": ColorTrc.SMPTE2084, "hlg": ColorTrc.ARIB_STD_B67}
LOSSLESS = {"x265-params": "lossless=1:bframes=0:frame-threads=1:pools=none:log-level=none"}


def write(path: str, transfer: str) -> None:
    """Grey in the upper half, a weak colour in the lower one that Rec.709 light holds without negative values."""
    with av.open(path, "w") as film:
        stream = film.add_stream("libx265", rate=25, options=LOSSLESS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p10le"
        context = stream.codec_context
        context.color_range, context.colorspace = ColorRange.MPEG, BT2020_MATRIX
        context.color_trc, context.color_primaries = TRANSFERS[transfer], ColorPrimaries.BT2020
        for number in range(COUNT):
            ramp = np.roll(np.linspace(64, 940, WIDTH), 7 * number)
            frame = av.VideoFrame(WIDTH, HEIGHT, "yuv420p10le")
            for plane, tint in zip(frame.planes, (None, 500, 530), strict=True):
                values = np.full((plane.height, plane.line_size // 2), 512, np.uint16)
                if tint is None:
                    values[:, :WIDTH] = np.rint(ramp)
                else:
                    values[plane.height // 2 :] = tint
                plane.update(values.tobytes())
            frame.pts, frame.time_base = number, Fraction(1, 25)
            frame.color_range, frame.colorspace = ColorRange.MPEG, BT2020_MATRIX
            film.mux(stream.encode(frame))
        film.mux(stream.encode())


def read(plate: str) -> dict[str, object]:
    """The first frame: its display picture along a row of the ramp, and what comes back of the stored values."""
    source = open_source(Plate.model_validate_json(plate))
    stored = next(source.frames()).stored
    shown = source.colour.to_display(stored)
    back = source.colour.from_display(*shown)
    wanted = unit(stored)
    return {
        "colour": source.info.colour,
        "bits": source.info.bit_depth,
        "picture": shown.picture[HEIGHT // 4, :, 1].tolist(),
        "lost": float((np.abs(back - wanted) / np.maximum(np.abs(wanted), 1)).max()),
    }


if sys.argv[1] == "write":
    write(*sys.argv[2:])
else:
    print(json.dumps(read(sys.argv[2])))
