"""Deep and HDR movies: every step of the codec's bits arrives, and the tags are believed."""

from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import cv2
import numpy as np
import pytest
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

from ml_backend.media.chromaticities import chromaticities_of, colourspace_of
from ml_backend.media.colour import HLG_2020, PQ_2020, LightColour
from ml_backend.media.source import open_source
from ml_backend.media.write import write_rgb
from ml_backend.swapping.layer_file import as_light

WIDTH, HEIGHT = 1024, 128
BT2020_MATRIX = 9  # AVCOL_SPC_BT2020_NCL, which older PyAV has no name for


class Codec(NamedTuple):
    """A film format: its file, FFmpeg's encoder and pixels, the bits, and options for the best quality."""

    file: str
    name: str
    pixels: str
    bits: int
    options: dict[str, str]
    lossless: bool = True


LOSSLESS_265 = {"x265-params": "lossless=1:bframes=0:frame-threads=1:pools=none:log-level=none"}
CODECS = [
    Codec("h264.mp4", "libx264", "yuv420p10le", 10, {"qp": "0"}),
    Codec("h264_444.mp4", "libx264", "yuv444p10le", 10, {"qp": "0"}),
    Codec("h265.mp4", "libx265", "yuv420p10le", 10, LOSSLESS_265),
    Codec("h265_12.mp4", "libx265", "yuv444p12le", 12, LOSSLESS_265),
    Codec("dnxhr_hqx.mov", "dnxhd", "yuv422p10le", 10, {"profile": "dnxhr_hqx", "qmax": "2"}),
    Codec("dnxhr_444.mov", "dnxhd", "yuv444p10le", 10, {"profile": "dnxhr_444", "qmax": "2"}),
    Codec("prores_422.mov", "prores_ks", "yuv422p10le", 10, {"profile": "3", "qscale": "1"}),
    Codec("prores_4444.mov", "prores_ks", "yuv444p10le", 10, {"profile": "4", "qscale": "1"}, lossless=False),
    Codec("ffv1_12.mkv", "ffv1", "yuv444p12le", 12, {}),
    Codec("ffv1_16.mkv", "ffv1", "yuv444p16le", 16, {}),
]


def encode(
    path: Path,
    codec: Codec,
    luma: np.ndarray,
    *,
    full: bool = False,
    space: int = Colorspace.ITU709,
    transfer: int | None = None,
    primaries: ColorPrimaries | None = None,
    timecode: str | None = None,
) -> Path:
    """Two grey frames of an H×W picture of code values."""
    colour_range = ColorRange.JPEG if full else ColorRange.MPEG
    with av.open(str(path), "w") as film:
        if timecode:
            film.metadata["timecode"] = timecode
        stream = film.add_stream(codec.name, rate=25, options=codec.options)
        stream.height, stream.width = luma.shape
        stream.pix_fmt = codec.pixels
        context = stream.codec_context
        context.color_range, context.colorspace = colour_range, space
        if transfer is not None:
            context.color_trc = transfer
        if primaries is not None:
            context.color_primaries = primaries
        for number in range(2):
            frame = av.VideoFrame(luma.shape[1], luma.shape[0], codec.pixels)
            for place, plane in enumerate(frame.planes):
                values = np.full((plane.height, plane.line_size // 2), 1 << (codec.bits - 1), np.uint16)
                if place == 0:
                    values[:, : luma.shape[1]] = luma
                plane.update(values.tobytes())
            frame.pts, frame.time_base = number, Fraction(1, 25)
            frame.color_range, frame.colorspace = colour_range, space
            film.mux(stream.encode(frame))
        film.mux(stream.encode())
    return path


def ramp(bits: int, full: bool) -> np.ndarray:
    low, high = (0, (1 << bits) - 1) if full else (16 << (bits - 8), 235 << (bits - 8))
    return np.tile(np.rint(np.linspace(low, high, WIDTH)).astype(np.uint16), (HEIGHT, 1))


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.file)
def test_every_step_arrives(codec: Codec, tmp_path: Path) -> None:
    codes = ramp(codec.bits, full=False)
    source = open_source(encode(tmp_path / codec.file, codec, codes))
    assert (source.info.bit_depth, source.info.colour) == (16, "sRGB")
    image = next(source.frames()).image
    row = image[HEIGHT // 2].astype(float)
    assert len(np.unique(row[:, 1])) >= len(np.unique(codes))
    low, high = 16 << (codec.bits - 8), 235 << (codec.bits - 8)
    expected = (codes[0].astype(float) - low) / (high - low) * 65283
    assert np.abs(row - expected[:, None]).max() <= (1.01 if codec.lossless else 32)
    assert np.array_equal(image[:, :, 0], image[:, :, 2])


@pytest.mark.parametrize("codec", [CODECS[0], CODECS[2], CODECS[4], CODECS[8]], ids=lambda codec: codec.file)
def test_full_range(codec: Codec, tmp_path: Path) -> None:
    codes = ramp(codec.bits, full=True)
    image = next(open_source(encode(tmp_path / codec.file, codec, codes, full=True)).frames()).image
    assert np.abs(image[HEIGHT // 2, :, 1].astype(int) - (codes[0].astype(int) << (16 - codec.bits))).max() <= 1


@pytest.mark.parametrize("space", [Colorspace.ITU601, Colorspace.ITU709, BT2020_MATRIX])
def test_the_matrix_is_the_tagged_one(space: int, tmp_path: Path) -> None:
    """Pure colour differences show which matrix was taken: red is Y + 2(1 − Kr)·Cr."""
    red = {Colorspace.ITU601: 0.299, Colorspace.ITU709: 0.2126, BT2020_MATRIX: 0.2627}[space]
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as film:
        stream = film.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv444p10le"
        stream.codec_context.color_range, stream.codec_context.colorspace = ColorRange.MPEG, space
        frame = av.VideoFrame(64, 64, "yuv444p10le")
        for plane, value in zip(frame.planes, (500, 512, 600), strict=True):
            plane.update(np.full((64, plane.line_size // 2), value, np.uint16).tobytes())
        frame.pts, frame.time_base = 0, Fraction(1, 25)
        frame.color_range, frame.colorspace = ColorRange.MPEG, space
        film.mux(stream.encode(frame))
        film.mux(stream.encode())
    found = next(open_source(path).frames()).image[30, 30, 0] / 65283
    assert found == pytest.approx((500 - 64) / 876 + 2 * (1 - red) * (600 - 512) / 896, abs=2e-3)


@pytest.mark.parametrize("full", [False, True], ids=["limited", "full"])
@pytest.mark.parametrize(
    ("transfer", "name"), [(ColorTrc.SMPTE2084, "PQ BT.2020"), (ColorTrc.ARIB_STD_B67, "HLG BT.2020")]
)
def test_hdr_movies_by_their_tags(transfer: ColorTrc, name: str, full: bool, tmp_path: Path) -> None:
    codes = ramp(10, full)
    tags = {"space": BT2020_MATRIX, "transfer": transfer, "primaries": ColorPrimaries.BT2020}
    source = open_source(encode(tmp_path / "a.mp4", CODECS[0], codes, full=full, **tags))
    assert (source.info.colour, source.info.bit_depth) == (name, 16)
    frame = next(source.frames())
    assert len(np.unique(frame.stored[HEIGHT // 2, :, 1])) == len(np.unique(codes))
    low, high = (0, 1023) if full else (64, 940)
    values = np.repeat((codes[:, :, None].astype(np.float32) - low) / (high - low), 3, axis=2)
    known = PQ_2020 if transfer == ColorTrc.SMPTE2084 else HLG_2020
    wanted = known.to_display(np.rint(values * 65535).astype(np.uint16)).picture
    shown = source.colour.to_display(frame.stored)
    assert np.abs(shown.picture - wanted).max() < 2e-4
    assert np.abs(frame.image - shown.picture * 65535).max() <= 1.5
    back = source.colour.from_display(*shown) * 65535
    assert np.abs(back - frame.stored).max() < 0.5


@pytest.mark.parametrize(
    ("transfer", "primaries", "name", "light"),
    [
        (14, ColorPrimaries.BT2020, "SDR BT.2020", "Linear Rec.2020"),  # BT.2020 of 10 bit
        (ColorTrc.BT709, ColorPrimaries.SMPTE432, "SDR P3-D65", "Linear P3-D65"),
        (ColorTrc.SMPTE2084, ColorPrimaries.BT709, "PQ Rec.709", "Linear Rec.709"),
    ],
)
def test_primaries_by_their_tags(
    transfer: int, primaries: ColorPrimaries, name: str, light: str, tmp_path: Path
) -> None:
    """Grey is that of an ordinary movie; an EXR of it has the movie's own primaries."""
    codes = ramp(10, full=False)
    source = open_source(encode(tmp_path / "a.mp4", CODECS[0], codes, transfer=transfer, primaries=primaries))
    assert source.info.colour == name
    frame = next(source.frames())
    if name.startswith("SDR"):
        assert np.abs(frame.image - frame.stored * (65535 / 65283)).max() <= 1.5
    assert (
        np.abs(source.colour.from_display(*source.colour.to_display(frame.stored)) * 65535 - frame.stored).max() < 0.5
    )
    chromaticities = chromaticities_of(as_light(source.colour))
    assert chromaticities is not None
    assert colourspace_of(chromaticities) == light


def test_a_named_space_takes_the_place_of_the_tags(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.mp4", CODECS[0], ramp(10, full=False))
    named = open_source(path, colourspace="PQ BT.2020")
    assert named.info.colour == "PQ BT.2020"
    assert isinstance(named.colour, LightColour)
    assert named.colour.white == pytest.approx(65283 / 65535)
    tagged = encode(tmp_path / "b.mp4", CODECS[0], ramp(10, full=False), transfer=ColorTrc.SMPTE2084)
    plain = open_source(tagged, colourspace="sRGB")
    frame = next(plain.frames())
    assert plain.info.colour == "sRGB"
    assert frame.stored is frame.image


@pytest.mark.parametrize(("file", "codec"), [("a.mov", CODECS[6]), ("a.mp4", CODECS[0]), ("a.mkv", CODECS[8])])
def test_the_time_code_of_a_movie(file: str, codec: Codec, tmp_path: Path) -> None:
    path = encode(tmp_path / file, codec, ramp(codec.bits, full=False), timecode="10:20:30:12")
    assert open_source(path).info.timecode == "10:20:30:12"
    assert open_source(path, frames="2").info.timecode == "10:20:30:12"
    assert open_source(encode(tmp_path / f"no_{file}", codec, ramp(codec.bits, full=False))).info.timecode is None


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_pictures_of_16_bit_keep_every_value(suffix: str, tmp_path: Path) -> None:
    image = np.arange(65536, dtype=np.uint16).reshape(256, 256, 1).repeat(3, axis=2)
    path = tmp_path / f"a.1.{suffix}"
    if suffix == "png":
        write_rgb(path, image)
    else:
        assert cv2.imwrite(str(path), image)
    assert np.array_equal(next(open_source(path).frames()).stored, image)
