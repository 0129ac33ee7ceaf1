"""Plates in the formats that film comes in, of one scene: a real face, beside it a ramp of every step, and noise."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from numpy.typing import NDArray

from ml_backend.media.colour import HLG_2020, LINEAR, PLAIN, PQ_2020, LightColour, PlateColour, unit
from ml_backend.media.exr import encode_exr
from ml_backend.media.ocio import ocio_colour
from ml_backend.media.source import open_source
from ml_backend.media.transfer import srgb_decode, srgb_encode
from ml_backend.media.write import write_rgb

Floats = NDArray[np.float32]
Stored = NDArray[np.float64]

SIDE = 384
NUMBERS = (98, 99)  # frames of the footage that look into the camera
FACE = (slice(120, 280), slice(140, 250))
RAMP = (slice(0, 192), slice(304, 384))
NOISE = (slice(192, 384), slice(304, 384))
BRIGHTEST = 16.0
BT2020 = 9  # the matrix, which PyAV's enumeration lacks
WEIGHTS = {Colorspace.ITU601: (0.299, 0.114), Colorspace.ITU709: (0.2126, 0.0722), BT2020: (0.2627, 0.0593)}
"""How much of red and of blue is in the luma."""


@dataclass(frozen=True)
class Pictures:
    """A numbered sequence. kind: what a file holds, "half" and "float" in EXR. space: as the swap is told it."""

    suffix: str
    kind: str
    space: str | None = None

    @property
    def name(self) -> str:
        return "-".join(filter(None, (self.suffix, self.kind, self.space)))

    @property
    def floating(self) -> bool:
        return self.suffix == "exr"

    @property
    def steps(self) -> int:
        """How many steps lie between black and white."""
        return 65535 if self.floating else int(np.iinfo(self.kind).max)

    @property
    def deep(self) -> bool:
        return self.kind != "uint8"

    @property
    def colour(self) -> PlateColour:
        return ocio_colour(self.space) if self.space else LINEAR if self.floating else PLAIN

    def write(self, folder: Path, frames: Sequence[Stored]) -> Path:
        folder.mkdir()
        for number, image in enumerate(map(self.held, frames), 1):
            path = folder / f"shot.{number:04d}.{self.suffix}"
            if self.floating:
                channels = {name: image[..., n] for n, name in enumerate("RGB")}
                path.write_bytes(encode_exr(channels, half=self.kind == "half"))
            elif self.suffix == "png":
                write_rgb(path, image)
            else:
                assert cv2.imwrite(str(path), image[..., ::-1])
        return folder

    def held(self, image: Stored) -> NDArray[Any]:
        """What a reader must find in the file."""
        if self.floating:
            return image.astype(np.float16 if self.kind == "half" else np.float32).astype(np.float32)
        return np.rint(image * self.steps).astype(self.kind)


@dataclass(frozen=True)
class Film:
    """A movie of 10 bit. loss: how far a grey ramp may be off, in steps of 16 bit. codes: how many of it arrive at
    least, as many as there are where None.
    """

    file: str
    encoder: str
    pixels: str
    options: dict[str, str] = field(default_factory=dict, hash=False)
    matrix: int = Colorspace.ITU709
    full: bool = False
    transfer: ColorTrc | None = None
    loss: float = 1.01
    codes: int | None = None
    space = None
    bits = 10
    floating = False
    deep = True

    @property
    def name(self) -> str:
        matrix = {Colorspace.ITU601: "601", Colorspace.ITU709: "709", BT2020: "2020"}[self.matrix]
        light = {ColorTrc.SMPTE2084: "pq", ColorTrc.ARIB_STD_B67: "hlg"}.get(self.transfer, "")
        return "-".join(filter(None, (Path(self.file).stem, light, matrix, "full" if self.full else "limited")))

    @property
    def low(self) -> int:
        return 0 if self.full else 16 << (self.bits - 8)

    @property
    def steps(self) -> int:
        return (1 << self.bits) - 1 if self.full else 219 << (self.bits - 8)

    @property
    def white(self) -> float:
        """What the decoder makes of white, as a part of 65535."""
        return (65536 - (1 << (16 - self.bits)) if self.full else 65283) / 65535

    @property
    def colour(self) -> PlateColour:
        return {ColorTrc.SMPTE2084: PQ_2020, ColorTrc.ARIB_STD_B67: HLG_2020}.get(self.transfer, PLAIN)

    def write(self, folder: Path, frames: Sequence[Stored]) -> Path:
        folder.mkdir()
        path = folder / self.file
        colour_range = ColorRange.JPEG if self.full else ColorRange.MPEG
        with av.open(str(path), "w") as film:
            stream = film.add_stream(self.encoder, rate=25, options=self.options)
            stream.height, stream.width = frames[0].shape[:2]
            stream.pix_fmt = self.pixels
            context = stream.codec_context
            context.color_range, context.colorspace = colour_range, self.matrix
            if self.transfer is not None:
                context.color_trc, context.color_primaries = self.transfer, ColorPrimaries.BT2020
            for number, image in enumerate(frames):
                frame = av.VideoFrame(stream.width, stream.height, self.pixels)
                for plane, values in zip(frame.planes, self._planes(image), strict=True):
                    rows = np.zeros((plane.height, plane.line_size // 2), np.uint16)
                    rows[:, : plane.width] = _shrunk(values, plane.width, plane.height)
                    plane.update(rows.tobytes())
                frame.pts, frame.time_base = number, Fraction(1, 25)
                frame.color_range, frame.colorspace = colour_range, self.matrix
                film.mux(stream.encode(frame))
            film.mux(stream.encode())
        return path

    def _planes(self, image: Stored) -> list[Stored]:
        """Luma and the two colour differences as code values, after ITU-R BT.709 and BT.2020."""
        of_red, of_blue = WEIGHTS[self.matrix]
        red, green, blue = np.moveaxis(image, 2, 0)
        luma = of_red * red + (1 - of_red - of_blue) * green + of_blue * blue
        middle, reach = 1 << (self.bits - 1), self.steps if self.full else 224 << (self.bits - 8)
        differences = ((blue - luma) / (2 - 2 * of_blue), (red - luma) / (2 - 2 * of_red))
        return [self.low + self.steps * luma, *(middle + reach * difference for difference in differences)]


def _shrunk(values: Stored, width: int, height: int) -> Stored:
    """Means where the plane has fewer pixels."""
    down, across = values.shape[0] // height, values.shape[1] // width
    return np.rint(values.reshape(height, down, width, across).mean((1, 3)))


def actor(footage: Path) -> list[tuple[Floats, tuple[float, float]]]:
    """The frames as H×W×3 linear light of Rec.709 without the footage's 8-bit steps, and where the nose's tip is."""
    truth = {entry["frame"]: entry for entry in map(json.loads, (footage / "plate_A.jsonl").read_text().splitlines())}
    source = open_source(footage / "plate_A.mp4", f"{NUMBERS[0]}-{NUMBERS[-1]}")
    return [
        (srgb_decode(cv2.GaussianBlur(unit(frame.image), (0, 0), 1.0)), truth[frame.number]["landmarks68"][30])
        for frame in source.frames()
    ]


def scene(form: Pictures | Film, people: Sequence[tuple[Floats, tuple[float, float]]]) -> list[Stored]:
    """The frames as `form` stores them: 0–1 for integers, light for floats.

    Where a plate can hold more than white, a lamp shines on the nose.
    """
    return [_stored(form, light, nose, number) for number, (light, nose) in enumerate(people)]


def lamp(form: Pictures | Film) -> float:
    """The light of the lamp, as much as the plate can hold; 0 where that is white."""
    return BRIGHTEST if form.floating or form.colour is PQ_2020 else 4.0 if form.colour is HLG_2020 else 0.0


def lit(nose: tuple[float, float], radius: float) -> NDArray[np.bool_]:
    y, x = np.mgrid[:SIDE, :SIDE]
    near: NDArray[np.bool_] = np.hypot(x - nose[0], y - nose[1]) < radius
    return near


def _stored(form: Pictures | Film, light: Floats, nose: tuple[float, float], number: int) -> Stored:
    if lamp(form):
        light = np.where(lit(nose, 5)[..., None], np.float32(lamp(form)), light)
    image = to_stored(form.colour, light).astype(np.float64)
    image[RAMP] = ramp(form)[..., None]
    random = np.random.default_rng(number).random((192, 80, 3))
    image[NOISE] = random * (BRIGHTEST if form.floating else 1.0)
    return image


def ramp(form: Pictures | Film) -> Stored:
    """Down eight columns after the other, 8 pixels wide each; floats in stops up to `BRIGHTEST`, integers in steps."""
    along = np.arange(10)[None, :].repeat(8, axis=1) * 192 + np.arange(192)[:, None]
    part = along / along.max()
    if form.floating:
        return np.asarray(2.0 ** (16 * part - 12), np.float64)
    return np.rint(part * form.steps) / form.steps


def to_stored(colour: PlateColour, light: Floats) -> Floats:
    """Linear light of Rec.709, H×W×3, as a plate of this colour holds it (integers as 0–1)."""
    if isinstance(colour, LightColour):
        return colour.curve.encode(colour.gamut.from_rec709(light)) * np.float32(colour.white)
    return srgb_encode(light.clip(0, 1))


def to_light(colour: PlateColour, stored: Floats) -> Floats:
    """The inverse of `to_stored`."""
    if isinstance(colour, LightColour):
        return colour.gamut.to_rec709(colour.curve.decode(stored / np.float32(colour.white)))
    return srgb_decode(stored)


def extended(light: Floats) -> Floats:
    """sRGB values of light, also above white: what the sequencer mixes."""
    return np.sign(light) * srgb_encode(np.abs(light))


LOSSLESS = {"x265-params": "lossless=1:bframes=0:frame-threads=1:pools=none:log-level=none"}
PQ, HLG = ColorTrc.SMPTE2084, ColorTrc.ARIB_STD_B67
PRORES, DNX = {"profile": "3", "qscale": "1"}, {"profile": "dnxhr_hqx", "qmax": "8"}

FORMATS: list[Pictures | Film] = [
    Pictures("png", "uint8"),
    Pictures("tif", "uint8"),
    Pictures("png", "uint16"),
    Pictures("tif", "uint16"),
    Pictures("exr", "half"),
    Pictures("exr", "float"),
    Pictures("exr", "half", "ACEScg"),
    Pictures("exr", "float", "ACEScg"),
    Film("prores_422_hq.mov", "prores_ks", "yuv422p10le", PRORES),
    # FFmpeg makes a 4444 of 10 bit, and gives 12 of any: the codec's own transform fills them
    Film("prores_4444.mov", "prores_ks", "yuv444p10le", PRORES | {"profile": "4"}, loss=32, codes=1100),
    Film("dnxhr_hqx.mov", "dnxhd", "yuv422p10le", DNX, loss=128, codes=840),
    Film("dnxhr_hqx.mov", "dnxhd", "yuv422p10le", DNX, full=True, loss=128),
    Film("h264_422.mp4", "libx264", "yuv422p10le", {"qp": "0"}, Colorspace.ITU601),
    Film("h264_420.mp4", "libx264", "yuv420p10le", {"qp": "0"}, Colorspace.ITU601, full=True),
    Film("h264_420.mp4", "libx264", "yuv420p10le", {"qp": "0"}),
    Film("h264_422.mp4", "libx264", "yuv422p10le", {"qp": "0"}, full=True),
    Film("h265.mp4", "libx265", "yuv420p10le", LOSSLESS, BT2020),
    Film("h265.mp4", "libx265", "yuv420p10le", LOSSLESS, BT2020, full=True),
    Film("h265.mp4", "libx265", "yuv420p10le", LOSSLESS, BT2020, transfer=PQ),
    Film("h265.mp4", "libx265", "yuv420p10le", LOSSLESS, BT2020, full=True, transfer=PQ),
    Film("h265.mp4", "libx265", "yuv420p10le", LOSSLESS, BT2020, transfer=HLG),
    Film("h265.mp4", "libx265", "yuv420p10le", LOSSLESS, BT2020, full=True, transfer=HLG),
]
