"""Right frames, right numbers, right colours, from anywhere in the film."""

import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml_backend.errors import UsageError
from ml_backend.media.cautions import cautions
from ml_backend.media.source import open_source
from ml_backend.media.square_pixels import as_filmed

FOOTAGE = Path(__file__).parents[2] / "demo" / "footage"
Decode = Callable[[Path], list[np.ndarray]]

KINDS = {
    "b-frames": {"options": {"g": "12", "bf": "3"}},
    "open-gop": {"options": {"g": "12", "bf": "3", "x264-params": "open-gop=1:scenecut=0:b-pyramid=normal"}},
    "open-gop-mkv": {"name": "clip.mkv", "options": {"g": "12", "x264-params": "open-gop=1:scenecut=0"}},
    "intra-refresh": {"options": {"x264-params": "intra-refresh=1:keyint=10:bframes=0"}},
    "one-key": {"options": {"g": "1000"}},
    "transport-stream": {"name": "clip.ts", "options": {"g": "12"}},
    "program-stream": {"name": "clip.mpg", "codec": "mpeg2video", "options": {"g": "12", "bf": "2"}},
    "fragmented": {"options": {"g": "12"}, "container": {"movflags": "frag_keyframe+empty_moov"}},
    "hevc": {"codec": "libx265", "options": {"x265-params": "log-level=none:keyint=12:open-gop=1:bframes=3"}},
    "vp9": {"name": "clip.webm", "codec": "libvpx-vp9", "options": {"g": "12"}},
    "vp8": {"name": "clip.webm", "codec": "libvpx", "options": {"g": "12"}},
    "avi-without-times": {"name": "clip.avi", "codec": "mpeg4", "options": {"g": "12", "bf": "2"}},
    "h264-in-avi": {"name": "clip.avi", "options": {"g": "12", "bf": "2"}},
    "raw-h264": {"name": "clip.h264", "options": {"g": "12"}},
    "motion-jpeg": {"name": "clip.avi", "codec": "mjpeg", "pixels": "yuvj420p"},
    "gif": {"name": "clip.gif", "codec": "gif", "pixels": "rgb8"},
}


def same(left: np.ndarray, right: np.ndarray) -> bool:
    return left.dtype == right.dtype and np.array_equal(left, right)


@pytest.mark.parametrize("kind", KINDS)
def test_seeking_gives_what_a_full_decode_gives(kind: str, make_clip: Callable[..., Path], full_decode: Decode) -> None:
    path = make_clip(count=80, **KINDS[kind])
    expected = full_decode(path)
    source = open_source(path)
    assert source.info.count == len(expected) == 80
    assert source.numbers == list(range(1, 81))
    whole = list(source.frames())
    assert [frame.number for frame in whole] == source.numbers
    assert all(same(frame.image, image) for frame, image in zip(whole, expected, strict=True))
    for number in range(1, 81):
        (frame,) = source.frames([number])
        assert frame.number == number
        assert same(frame.image, expected[number - 1]), number


def test_seeking_in_the_demo_plate(full_decode: Decode) -> None:
    path = FOOTAGE / "plate_A.mp4"
    expected = full_decode(path)
    source = open_source(path)
    assert (source.info.count, source.info.fps, source.info.variable_rate) == (120, Fraction(25), False)
    for number in (1, 2, 57, 119, 120):
        (frame,) = source.frames([number])
        assert same(frame.image, expected[number - 1])
    assert all(same(frame.image, expected[frame.number - 1]) for frame in source.frames())


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=st.sets(st.integers(1, 80), min_size=1).map(sorted))
def test_any_frames_in_any_steps(wanted: list[int], make_clip: Callable[..., Path], full_decode: Decode) -> None:
    path = make_clip(count=80, size=(32, 32), options={"g": "6", "bf": "2"})
    expected = full_decode(path)
    frames = list(open_source(path).frames(wanted))
    assert [frame.number for frame in frames] == wanted
    assert all(same(frame.image, expected[frame.number - 1]) for frame in frames)


def test_an_edit_list_hides_frames(make_clip: Callable[..., Path], tmp_path: Path, full_decode: Decode) -> None:
    trimmed = tmp_path / "trimmed.mp4"
    with av.open(str(make_clip(options={"g": "12"}))) as film:
        given_stream = film.streams.video[0]
        with av.open(str(trimmed), "w", options={"avoid_negative_ts": "disabled"}) as output:
            stream = output.add_stream_from_template(given_stream)
            shift = round(Fraction(15, 25) / given_stream.time_base)
            for packet in film.demux(given_stream):
                if packet.size:
                    packet.pts -= shift
                    packet.dts -= shift
                    packet.stream = stream
                    output.mux(packet)
    expected = full_decode(trimmed)
    source = open_source(trimmed)
    assert source.info.count == len(expected) == 25
    for number in source.numbers:
        (frame,) = source.frames([number])
        assert same(frame.image, expected[number - 1])


def test_hidden_reference_frames_of_vp8_do_not_count(
    make_clip: Callable[..., Path], tmp_path: Path, full_decode: Decode
) -> None:
    path = tmp_path / "hidden.webm"
    whole = make_clip("clip.webm", codec="libvpx", options={"g": "12"})
    with av.open(str(whole)) as film, av.open(str(path), "w") as output:
        stream = output.add_stream_from_template(film.streams.video[0])
        for packet in film.demux(film.streams.video[0]):
            if packet.size:
                data = bytes(packet)
                hidden = av.Packet(bytes([data[0] & ~0x10]) + data[1:])
                hidden.pts = hidden.dts = packet.pts + 9
                hidden.time_base, hidden.stream, hidden.is_keyframe = packet.time_base, stream, packet.is_keyframe
                packet.stream = stream
                output.mux([packet, hidden])
    with av.open(str(path)) as film:
        assert sum(packet.size > 0 for packet in film.demux(video=0)) == 80
    expected = full_decode(path)
    source = open_source(path)
    assert source.info.count == len(expected) == 40
    assert all(same(next(source.frames([n])).image, expected[n - 1]) for n in source.numbers)


def test_the_range_limits_the_numbers_and_not_the_description(make_clip: Callable[..., Path]) -> None:
    source = open_source(make_clip(), frames="5-9")
    assert source.numbers == [5, 6, 7, 8, 9]
    assert (source.info.first, source.info.last, source.info.count) == (1, 40, 40)
    assert [frame.number for frame in source.frames()] == source.numbers
    with pytest.raises(UsageError, match="frame 10"):
        source.frames([5, 10])
    with pytest.raises(UsageError, match="ascend"):
        source.frames([6, 5])
    with pytest.raises(UsageError, match="1-40"):
        open_source(make_clip(), frames="41-")


def test_two_readers_do_not_disturb_each_other(make_clip: Callable[..., Path]) -> None:
    source = open_source(make_clip())
    pairs = list(zip(source.frames(), source.frames(), strict=True))
    assert all(same(one.image, other.image) for one, other in pairs)


def test_one_frame(make_clip: Callable[..., Path]) -> None:
    source = open_source(make_clip(count=1))
    assert (source.info.count, source.info.variable_rate) == (1, False)
    assert [frame.number for frame in source.frames()] == [1]


@pytest.mark.parametrize("size", [(63, 47), (35, 64), (2, 2)])
def test_odd_sizes(size: tuple[int, int], make_clip: Callable[..., Path]) -> None:
    source = open_source(make_clip("odd.mkv", size=size, codec="ffv1", pixels="yuv420p", count=3))
    assert (source.info.width, source.info.height) == size
    assert next(source.frames()).image.shape == (size[1], size[0], 3)


def test_a_variable_rate_is_told_and_every_frame_counts_once(
    make_clip: Callable[..., Path], full_decode: Decode
) -> None:
    times = [0, 40, 80, 400, 440, 480, 1000, 1040, 1080, 1120]
    path = make_clip("phone.mkv", count=10, times=times)
    source = open_source(path)
    assert source.info.variable_rate
    assert source.info.count == 10
    expected = full_decode(path)
    assert all(same(next(source.frames([n])).image, expected[n - 1]) for n in source.numbers)


@pytest.mark.parametrize("name", ["uneven.mov", "uneven.mkv"])
def test_time_code_of_a_variable_rate_counts_by_time(name: str, make_clip: Callable[..., Path]) -> None:
    source = open_source(make_clip(name, count=4, times=[0, 40, 200, 1000], timecode="01:00:00:00"))
    codes = [frame.timecode.text for frame in source.frames() if frame.timecode]
    assert codes == ["01:00:00:00", "01:00:00:01", "01:00:00:05", "01:00:01:00"]
    assert [source.info.timecode_of(number) for number in (1, 2)] == ["01:00:00:00", None]


def test_rounded_times_are_a_constant_rate(make_clip: Callable[..., Path]) -> None:
    path = make_clip("ntsc.mkv", count=40, times=[round(n * 1001 / 30) for n in range(40)])
    assert not open_source(path).info.variable_rate


def rotated(path: Path, target: Path, matrix: tuple[int, int, int, int]) -> Path:
    """A copy of an mp4 with another rotation in its track header."""
    data = bytearray(path.read_bytes())
    place = data.index(b"tkhd") + 44
    for position, value in zip((0, 4, 12, 16), matrix, strict=True):
        data[place + position : place + position + 4] = (value * 65536).to_bytes(4, signed=True)
    target.write_bytes(data)
    return target


@pytest.mark.parametrize(
    ("matrix", "turns"), [((0, 1, -1, 0), -1), ((-1, 0, 0, -1), 2), ((0, -1, 1, 0), 1)], ids=["90", "180", "270"]
)
def test_rotation_is_applied(
    matrix: tuple[int, int, int, int], turns: int, make_clip: Callable[..., Path], tmp_path: Path
) -> None:
    upright = make_clip(count=3)
    source = open_source(rotated(upright, tmp_path / "phone.mp4", matrix))
    expected = [np.rot90(frame.image, turns) for frame in open_source(upright).frames()]
    assert (source.info.height, source.info.width) == expected[0].shape[:2]
    assert all(same(frame.image, image) for frame, image in zip(source.frames(), expected, strict=True))


@pytest.mark.parametrize(
    ("name", "codec", "pixels"),
    [
        ("deep.mov", "prores_ks", "yuv422p10le"),
        ("deep.mp4", "libx264", "yuv420p10le"),
        ("deep.mkv", "ffv1", "gbrp10le"),
        ("deep.mkv", "ffv1", "gbrp12le"),
        ("deep.mkv", "ffv1", "yuv444p16le"),
    ],
)
def test_deep_sources_give_sixteen_bits(
    name: str, codec: str, pixels: str, make_clip: Callable[..., Path], full_decode: Decode
) -> None:
    path = make_clip(name, codec=codec, pixels=pixels, count=2)
    source = open_source(path)
    assert source.info.bit_depth == 16
    for frame, coarse in zip(source.frames(), full_decode(path), strict=True):
        assert frame.image.dtype == np.uint16
        assert np.abs(frame.image / 256 - coarse).max() < 2


def test_sound_beside_the_picture_does_not_matter(tmp_path: Path, make_clip: Callable[..., Path]) -> None:
    path = tmp_path / "with_sound.mkv"
    clip = make_clip()
    with av.open(str(clip)) as film, av.open(str(path), "w") as output:
        stream = output.add_stream_from_template(film.streams.video[0])
        sound = output.add_stream("aac", rate=48000)
        for packet in film.demux(film.streams.video[0]):
            if packet.size:
                packet.stream = stream
                output.mux(packet)
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        silence.sample_rate = 48000
        output.mux(sound.encode(silence))
        output.mux(sound.encode())
    assert open_source(path).info.count == 40


def test_alpha_of_a_movie(make_clip: Callable[..., Path], tmp_path: Path) -> None:
    drawn = np.random.default_rng(0).integers(0, 256, (48, 64, 4), dtype=np.uint8)
    with av.open(str(tmp_path / "a.mov"), "w") as film:
        stream = film.add_stream("png", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "rgba"
        film.mux(stream.encode(av.VideoFrame.from_ndarray(drawn, format="rgba")))
        film.mux(stream.encode())
    (frame,) = open_source(tmp_path / "a.mov").frames()
    np.testing.assert_allclose(frame.alpha, drawn[..., 3] / 255, atol=1e-6)
    for pixels in ("yuva444p10le", "yuv422p10le"):  # what holds no transparent pixel is as one without alpha
        opaque = make_clip("opaque.mov", codec="prores_ks", pixels=pixels, count=1)
        assert next(open_source(opaque).frames()).alpha is None


@pytest.mark.parametrize(
    ("name", "made", "told"),
    [
        ("plain.mp4", {}, []),
        ("dv.mp4", {"aspect": Fraction(4, 3)}, ["has pixels 1.333 times as wide as high.*as they were filmed"]),
        ("high.mov", {"codec": "prores_ks", "aspect": Fraction(1, 2)}, ["has pixels 0.5 times as wide as high"]),
        ("nearly.mp4", {"aspect": Fraction(481, 480)}, []),
        ("fields.mp4", {"options": {"x264-params": "tff=1"}}, ["is interlaced.*Deinterlace it"]),
        ("fields.mov", {"codec": "prores_ks", "options": {"flags": "+ildct"}}, ["is interlaced"]),
    ],
)
def test_what_an_artist_should_know_of_footage_is_told(
    name: str, made: dict[str, Any], told: list[str], make_clip: Callable[..., Path]
) -> None:
    pixels = "yuv422p10le" if name.endswith(".mov") else "yuv420p"
    source = open_source(make_clip(name, count=2, pixels=pixels, **made))
    info = as_filmed(source).info
    said = cautions(info)
    assert len(said) == len(told)
    assert all(re.search(rf"^{name} {pattern}", text) for pattern, text in zip(told, said, strict=True))
    assert info.pixel_aspect == pytest.approx(float(made.get("aspect", 1)))


def test_pixels_of_a_movie_that_is_turned_are_turned_too(make_clip: Callable[..., Path], tmp_path: Path) -> None:
    wide = make_clip(count=2, aspect=Fraction(2))
    turned = rotated(wide, tmp_path / "phone.mp4", (0, 1, -1, 0))
    assert (open_source(wide).info.pixel_aspect, open_source(turned).info.pixel_aspect) == (2, 0.5)
