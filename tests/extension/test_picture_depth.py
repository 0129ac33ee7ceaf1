"""How deep footage is, from its header alone."""

import struct
import zlib
from pathlib import Path

import pytest

from blender_deepfake.core import movie_probe, picture_depth
from blender_deepfake.core.picture_depth import Depth

FOOTAGE = Path(__file__).parents[2] / "demo" / "footage" / "plate_A.mp4"


def png(path: Path, bits: int) -> Path:
    header = struct.pack(">IIBBBBB", 1, 1, bits, 2, 0, 0, 0)
    chunk = struct.pack(">I", len(header)) + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk)
    return path


def tiff(path: Path, order: str, bits: int, channels: int) -> Path:
    mark, table = (b"II*\0", b"MM\0*")[order == ">"], 8
    inside = channels <= 2
    values = struct.pack(f"{order}{channels}H", *([bits] * channels))
    entry = struct.pack(f"{order}HHI", 258, 3, channels)
    entry += values.ljust(4, b"\0") if inside else struct.pack(f"{order}I", table + 2 + 12 + 4)
    path.write_bytes(mark + struct.pack(f"{order}I", table) + struct.pack(f"{order}H", 1) + entry + bytes(4) + values)
    return path


def test_pictures(tmp_path: Path) -> None:
    assert picture_depth.of_picture(png(tmp_path / "a.png", 8)) == Depth.BYTE
    assert picture_depth.of_picture(png(tmp_path / "b.PNG", 16)) == Depth.DEEP
    assert picture_depth.of_picture(tmp_path / "c.exr") == Depth.LIGHT
    assert picture_depth.of_picture(tmp_path / "missing.png") == Depth.BYTE
    for order in "<>":
        for channels in (1, 3):
            for bits, depth in ((8, Depth.BYTE), (16, Depth.DEEP), (32, Depth.LIGHT)):
                assert picture_depth.of_picture(tiff(tmp_path / "t.tif", order, bits, channels)) == depth
    (tmp_path / "t.tif").write_bytes(b"II*\0\xff\xff\xff\xff")
    assert picture_depth.of_picture(tmp_path / "t.tif") == Depth.BYTE


@pytest.mark.parametrize(
    ("codec", "pixels", "depth"),
    [
        ("libx264", "yuv420p", Depth.BYTE),
        ("libx264", "yuv420p10le", Depth.DEEP),
        ("libx265", "yuv420p10le", Depth.DEEP),
        ("prores_ks", "yuv422p10le", Depth.DEEP),
    ],
)
def test_movies(tmp_path: Path, codec: str, pixels: str, depth: Depth) -> None:
    av = pytest.importorskip("av")
    import numpy as np

    path = tmp_path / "clip.mov"
    with av.open(str(path), "w") as file:
        stream = file.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, pixels
        for number in range(3):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), number * 40, np.uint8), "rgb24")
            file.mux(stream.encode(frame.reformat(format=pixels)))
        file.mux(stream.encode(None))
    assert picture_depth.of_movie(path) == depth
    assert movie_probe.probe(path) is not None


@pytest.mark.parametrize("depth", Depth)
def test_the_colour_space_asks_for_more(depth: Depth) -> None:
    """What was rendered in Blender 4.5, 5.0 and 5.2: only these spaces stay between black and white."""
    for space in ("sRGB", "Non-Color"):
        assert picture_depth.in_space(depth, space) == depth
    for space in ("Linear Rec.709", "Rec.1886", "Gamma 2.2 Encoded Rec.709"):
        assert picture_depth.in_space(depth, space) == max(depth, Depth.DEEP)
    for space in ("Rec.2100-PQ", "Rec.2100-HLG", "Rec.2020", "Linear Rec.2020", "Display P3", "Filmic sRGB", "AgX Log"):
        assert picture_depth.in_space(depth, space) == Depth.LIGHT
    for space in ("Gamma 2.2 Encoded AP1", "ARRI LogC4", "scene_linear", "of a studio"):
        assert picture_depth.in_space(depth, space) == Depth.LIGHT


def test_hdr_is_what_blender_calls_so() -> None:
    assert picture_depth.is_hdr("Rec.2100-PQ")
    assert picture_depth.is_hdr("Rec.2100-HLG")
    assert not picture_depth.is_hdr("Rec.2020")
    assert not picture_depth.is_hdr("sRGB")


def test_the_demo_plate_has_8_bit() -> None:
    assert picture_depth.of_movie(FOOTAGE) == Depth.BYTE
