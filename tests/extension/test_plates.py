"""Who decodes the plate: the backend only where it is sure to see what Blender shows."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from blender_deepfake.core import movie_probe, plates
from blender_deepfake.core.frame_mapping import StripTiming
from blender_deepfake.core.plates import StripDescription

FOOTAGE = Path(__file__).parents[2] / "demo" / "footage" / "plate_A.mp4"
MOVIE = StripDescription("s", "MOVIE", StripTiming(1, 120, 0, 0, 1, 121), FOOTAGE, fps=25.0, scene_fps=25.0)


def test_a_plain_movie_is_decoded_by_the_backend() -> None:
    assert plates.reasons_to_render(MOVIE) == []
    assert plates.decoded_plate(MOVIE) == {"source": str(FOOTAGE), "frames": "1-120", "colourspace": "sRGB"}
    trimmed = replace(MOVIE, timing=StripTiming(1, 110, 4, 6, 3, 11))
    assert plates.reasons_to_render(trimmed) == []
    assert plates.decoded_plate(trimmed)["frames"] == "7-14"


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"kind": "META", "source": None}, "type meta"),
        ({"kind": "IMAGE"}, "numbered without gaps"),
        ({"retimed": True}, "retimed"),
        ({"strobe": 2.0}, "strobes"),
        ({"deinterlaced": True}, "deinterlaced"),
        ({"modified": True}, "modifiers"),
        ({"graded": True}, "colours"),
        ({"multiplies_alpha": True}, "alpha"),
        ({"stereo": True}, "stereoscopic"),
        ({"stream": 1}, "stream"),
        ({"colourspace": "Linear Rec.709"}, "colour space"),
        ({"scene_fps": 24.0}, "24"),
        ({"animated": ("strobe",)}, "animated"),
        ({"timing": StripTiming(1, 100, 0, 0, 1, 101)}, "120 frames, the strip counts 100"),
        ({"source": FOOTAGE.with_name("README.md")}, "cannot be counted"),
        ({"source": FOOTAGE.with_name("missing.mp4")}, "cannot be counted"),
    ],
)
def test_anything_else_is_rendered_by_blender(change: dict[str, object], word: str) -> None:
    reasons = plates.reasons_to_render(replace(MOVIE, **change))
    assert any(word in reason for reason in reasons)


def test_a_rendered_plate_says_how_bright_white_is(tmp_path: Path) -> None:
    frames = {"source": str(tmp_path), "frames": "1001-1120"}
    assert plates.rendered_plate(MOVIE, tmp_path) == frames
    assert plates.rendered_plate(MOVIE, tmp_path, hdr=True) == {**frames, "colourspace": "Linear Rec.709@-1"}
    assert plates.rendered_plate(MOVIE, tmp_path, 1003, hdr=True)["frames"] == "1003"


def test_hdr_is_rendered_by_blender(tmp_path: Path) -> None:
    """Blender 4.5 reads it as sRGB, later ones in a colour space of its own."""
    movie = write(tmp_path / "hdr.mp4", list(range(5)), transfer=18)
    strip = replace(MOVIE, source=movie, timing=StripTiming(1, 5, 0, 0, 1, 6))
    assert plates.reasons_to_render(strip) == ["it may be HDR"]
    known = replace(strip, colourspace="Rec.2100-HLG")
    assert plates.reasons_to_render(known) == ["its colour space is Rec.2100-HLG"]


def test_numbered_pictures_are_decoded_by_the_backend(tmp_path: Path) -> None:
    names = tuple(f"shot_v2.{number:04d}.png" for number in range(998, 1003))
    strip = StripDescription("s", "IMAGE", StripTiming(1, 3, 1, 1, 1, 4), tmp_path, names)
    assert plates.reasons_to_render(strip) == []
    assert plates.decoded_plate(strip) == {"source": str(tmp_path / "shot_v2.####.png"), "frames": "999-1001"}
    assert plates.decoded_numbers(replace(strip, timing=replace(strip.timing, reversed=True))) == [1001, 1000, 999]
    for change, word in (
        ({"colourspace": "Linear Rec.709"}, "colour space"),
        ({"timing": StripTiming(1, 3, 0, 0, 1, 4)}, "5 pictures and counts 3"),
        ({"graded": True}, "colours"),
        ({"pictures": tuple(name.replace("png", "jpg") for name in names)}, "without gaps"),
        ({"pictures": names[:2] + names[3:]}, "without gaps"),
        ({"pictures": names[::-1]}, "without gaps"),
        ({"pictures": (*names[:4], "other.1002.png")}, "without gaps"),
        ({"pictures": ("a.png",)}, "without gaps"),
        ({"pictures": ("s.-0001.png",)}, "without gaps"),
        ({"pictures": ()}, "without gaps"),
    ):
        assert any(word in reason for reason in plates.reasons_to_render(replace(strip, **change))), change


def test_numbers_without_zeros(tmp_path: Path) -> None:
    names = tuple(f"{number}.tif" for number in range(8, 12))
    strip = StripDescription("s", "IMAGE", StripTiming(1, 4, 0, 0, 1, 5), tmp_path, names)
    assert plates.decoded_plate(strip) == {"source": str(tmp_path / "#.tif"), "frames": "8-11"}
    mixed = replace(strip, pictures=("8.tif", "09.tif", "10.tif", "11.tif"))
    assert plates.reasons_to_render(mixed)


def test_animated_placing_does_not_matter() -> None:
    assert plates.reasons_to_render(replace(MOVIE, animated=("transform.offset_x", "blend_alpha"))) == []


def write(path: Path, times: list[int], transfer: int | None = None, options: dict[str, str] | None = None) -> Path:
    """A small H.264 movie whose frames are shown at `times`, in 1/25 s."""
    av = pytest.importorskip("av")
    import numpy as np

    with av.open(str(path), "w", options=options or {}) as file:
        stream = file.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 25)
        if transfer is not None:
            stream.codec_context.color_trc = transfer
            stream.codec_context.color_primaries = stream.codec_context.colorspace = 9
        for time in times:
            image = np.full((64, 64, 3), time % 250, np.uint8)
            frame = av.VideoFrame.from_ndarray(image, "rgb24")
            frame.pts, frame.time_base = time, Fraction(1, 25)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path


def test_a_plate_is_looked_at_darker_in_its_own_colours() -> None:
    plain = {"source": "a.mp4"}
    assert plates.exposed(plain, 0.0, light=True) is plain
    assert plates.exposed(plain, 1.5, light=False)["colourspace"] == "sRGB@1.5"
    assert plates.exposed(plain, -2.0, light=True)["colourspace"] == "Linear Rec.709@-2"
    hdr = plain | {"colourspace": plates.HDR_LIGHT}
    assert plates.exposed(hdr, -2.0, light=True)["colourspace"] == "Linear Rec.709@-3"


def test_the_index_tells_frames_rate_and_hdr(tmp_path: Path) -> None:
    even = movie_probe.probe(write(tmp_path / "even.mp4", list(range(30))))
    assert even == movie_probe.MovieProbe(30, constant_rate=True, may_be_hdr=False)
    fast = movie_probe.probe(write(tmp_path / "fast.mov", list(range(12)), options={"movflags": "faststart"}))
    assert fast is not None
    assert fast.frames == 12
    uneven = movie_probe.probe(write(tmp_path / "uneven.mp4", [0, 1, 2, 5, 6, 9, 10]))
    assert uneven is not None
    assert not uneven.constant_rate
    hdr = movie_probe.probe(write(tmp_path / "hdr.mp4", list(range(5)), transfer=16))
    assert hdr is not None
    assert hdr.may_be_hdr


def test_other_files_have_no_index(tmp_path: Path) -> None:
    assert movie_probe.probe(write(tmp_path / "clip.mkv", list(range(5)))) is None
    damaged = tmp_path / "damaged.mp4"
    for size in (0, 7, 40, 5000):
        damaged.write_bytes(FOOTAGE.read_bytes()[:size])
        assert movie_probe.probe(damaged) is None
