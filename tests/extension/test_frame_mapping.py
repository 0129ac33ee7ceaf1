"""From timeline to source and back to files, for every trim, offset and direction."""

import json
import struct
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blender_deepfake.core import frame_mapping, plates, results
from blender_deepfake.core.crops import Window
from blender_deepfake.core.errors import DeepfakeError, UsageError
from blender_deepfake.core.frame_mapping import StripTiming
from blender_deepfake.core.plates import StripDescription


@st.composite
def timings(draw: st.DrawFn) -> StripTiming:
    start, duration = draw(st.integers(-200, 200)), draw(st.integers(1, 60))
    left = start + draw(st.integers(-20, duration - 1))
    right = left + draw(st.integers(1, 80))
    trims = st.integers(0, 20)
    return StripTiming(start, duration, draw(trims), draw(trims), left, right, draw(st.booleans()))


@given(timings())
def test_numbers_stay_inside_the_untrimmed_part(timing: StripTiming) -> None:
    numbers = frame_mapping.movie_numbers(timing)
    assert len(numbers) == timing.right - timing.left
    assert min(numbers) > timing.trim_start
    assert max(numbers) <= timing.source_count - timing.trim_end
    steps = {b - a for a, b in pairwise(numbers)}
    assert steps <= ({0, -1} if timing.reversed else {0, 1})


def test_examples() -> None:
    plain = StripTiming(11, 120, 0, 0, 11, 131)
    assert frame_mapping.movie_numbers(plain) == list(range(1, 121))
    backwards = StripTiming(11, 4, 2, 0, 9, 17, reversed=True)
    assert frame_mapping.movie_numbers(backwards) == [6, 6, 6, 5, 4, 3, 3, 3]
    assert frame_mapping.span([5]) == "5"
    assert frame_mapping.span([6, 5, 4]) == "4-6"
    assert frame_mapping.sequence_numbers(StripTiming(1, 3, 0, 0, 1, 5), [1001, 1003, 1005]) == [1001, 1003, 1005, 1005]


def swap_folder(folder: Path, source: str, numbers: list[int]) -> results.Swap:
    folder.mkdir(exist_ok=True)
    for number in numbers:
        (folder / f"{number:06d}.png").touch()
    frames = [{"number": number, "file": f"{number:06d}.png"} for number in numbers]
    (folder / "manifest.json").write_text(json.dumps({"plate": {"source": source}, "frames": frames}))
    return results.read_swap(folder)


@given(timings())
def test_every_frame_gets_its_file(tmp_path_factory: pytest.TempPathFactory, timing: StripTiming) -> None:
    numbers = sorted(set(frame_mapping.movie_numbers(timing)))
    swap = results.Swap(Path("swap"), "clip.mp4", "b", {n: f"{n}.png" for n in numbers})
    strip = StripDescription("s", "MOVIE", timing, Path("clip.mp4"))
    placed = results.place(strip, swap)
    assert placed.first == timing.left
    assert placed.files == [f"{n}.png" for n in frame_mapping.movie_numbers(timing)]


def test_numbers_of_rendered_plates_stay_with_the_content(tmp_path: Path) -> None:
    timing = StripTiming(0, 50, 0, 0, 20, 24)
    assert frame_mapping.rendered_numbers(timing) == [1021, 1022, 1023, 1024]
    moved = StripTiming(5, 50, 0, 0, 25, 29)
    longer = StripTiming(0, 50, 0, 0, 18, 26)
    trimmed = (StripTiming(0, 43, 7, 0, 13, 17), StripTiming(7, 43, 7, 0, 20, 24))  # 4.5 and 5.2
    effect = StripTiming(20, 4, 0, 0, 20, 24, origin=0)
    assert frame_mapping.rendered_numbers(longer)[2:6] == frame_mapping.rendered_numbers(moved)
    assert {tuple(frame_mapping.rendered_numbers(t)) for t in (*trimmed, effect, moved)} == {(1021, 1022, 1023, 1024)}
    with pytest.raises(UsageError, match="2000 frames before"):
        frame_mapping.rendered_numbers(StripTiming(2000, 50, 0, 0, 0, 2010))
    swap = swap_folder(tmp_path, "shots/name_1234.plate", [1021, 1022, 1023, 1024])
    placed = results.place(StripDescription("s", "META", longer), swap)
    assert (placed.first, placed.files) == (20, [f"{number:06d}.png" for number in range(1021, 1025)])


def test_part_hole_and_stranger(tmp_path: Path) -> None:
    strip = StripDescription("s", "MOVIE", StripTiming(1, 9, 0, 0, 1, 10), tmp_path / "clip.mp4")
    part = results.place(strip, swap_folder(tmp_path / "a", str(strip.source), [3, 4, 5]))
    assert (part.first, len(part.files)) == (3, 3)
    with pytest.raises(DeepfakeError, match="lacks frame 4"):
        results.place(strip, swap_folder(tmp_path / "b", str(strip.source), [3, 5]))
    with pytest.raises(UsageError, match="none of the frames"):
        results.place(strip, swap_folder(tmp_path / "c", str(strip.source), [30]))
    with pytest.raises(UsageError, match="does not show"):
        results.place(strip, swap_folder(tmp_path / "d", "other.mp4", [1]))


def test_image_strips_use_their_files_numbers(tmp_path: Path) -> None:
    shot = tmp_path / "shot"
    shot.mkdir()
    pictures = tuple(f"shot.{n}.png" for n in (1001, 1002, 1003))
    strip = StripDescription("s", "IMAGE", StripTiming(5, 3, 0, 0, 5, 8), shot, pictures)
    for source in (shot, shot / "shot.####.png"):
        placed = results.place(strip, swap_folder(tmp_path / "swap", str(source), [1001, 1002, 1003]))
        assert placed.files == ["001001.png", "001002.png", "001003.png"]


@pytest.mark.parametrize(
    "change", [{"retimed": True}, {"strobe": 2.0}, {"animated": ("strobe",)}, {"fps": 25.0, "scene_fps": 50.0}]
)
def test_a_strip_at_another_pace_than_its_source_gets_no_swap_of_that(tmp_path: Path, change: dict[str, Any]) -> None:
    """Only what Blender has rendered can lie over it."""
    strip = StripDescription("s", "MOVIE", StripTiming(1, 240, 0, 0, 1, 5), Path("clip.mp4"), **change)
    with pytest.raises(UsageError, match=r"from clip\.mp4.*'s' does not show it so: it"):
        results.place(strip, swap_folder(tmp_path / "direct", "clip.mp4", [1, 2, 3, 4]))
    numbers = [1001, 1002, 1003, 1004]
    assert len(results.place(strip, swap_folder(tmp_path / "rendered", "s_12.plate", numbers)).files) == 4


def test_a_movie_of_another_rate_that_is_shown_frame_by_frame(tmp_path: Path) -> None:
    movie = Path(__file__).parents[2] / "demo" / "footage" / "plate_A.mp4"
    strip = StripDescription("s", "MOVIE", StripTiming(1, 120, 0, 0, 1, 3), movie, fps=25.0, scene_fps=50.0)
    assert results.place(strip, swap_folder(tmp_path, str(movie), [1, 2])).files == ["000001.png", "000002.png"]


def test_unfinished_damaged_and_incomplete_swaps(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no manifest\.json"):
        results.read_swap(tmp_path)
    swap_folder(tmp_path, "clip.mp4", [1, 2])
    (tmp_path / "000002.png").unlink()
    with pytest.raises(DeepfakeError, match=r"1 frames.*000002\.png"):
        results.read_swap(tmp_path)
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(DeepfakeError, match="damaged"):
        results.read_swap(tmp_path)
    (tmp_path / "manifest.json").write_text('{"plate": {"source": "x"}, "frames": []}')
    with pytest.raises(DeepfakeError, match="no frames"):
        results.read_swap(tmp_path)


def manifest(folder: Path, **changes: object) -> Path:
    """A swap of three frames as version 2 tells it: one cropped, one whole, one held by the strip."""
    folder.mkdir()
    windows = {1: [10, 20, 30, 40], 2: None, 3: [0, 0, 64, 8]}
    for number in windows:
        (folder / f"{number:06d}.png").touch()
    frames = [{"number": n, "file": f"{n:06d}.png", "window": window} for n, window in windows.items()]
    value = {"version": 2, "plate": {"source": "clip.mp4"}, "width": 64, "height": 48, "output": "png16"}
    value |= {"alpha": "straight", "colour": "sRGB", "frames": frames, "more": "later"}
    (folder / "manifest.json").write_text(json.dumps({**value, **changes}))
    return folder


def test_windows_and_kind_of_files(tmp_path: Path) -> None:
    swap = results.read_swap(manifest(tmp_path / "a"))
    assert (swap.colour, swap.premultiplied, swap.size) == ("sRGB", False, (64, 48))
    held = StripDescription("s", "MOVIE", StripTiming(1, 3, 0, 0, 1, 6), Path("clip.mp4"))
    last = Window(0, 0, 64, 8)
    assert results.place(held, swap).windows == [Window(10, 20, 30, 40), Window(0, 0, 64, 48), last, last, last]
    light = results.read_swap(manifest(tmp_path / "b", output="exr", alpha="premultiplied", colour=None))
    assert (light.colour, light.premultiplied) == ("Linear Rec.709", True)
    assert results.read_swap(manifest(tmp_path / "d", output="exr", colour="ACEScg")).colour == "ACEScg"
    old = swap_folder(tmp_path / "c", "clip.mp4", [1, 2, 3])
    assert results.place(held, old).windows == []
    assert (old.colour, old.premultiplied) == ("sRGB", False)


def exr_header(data: tuple[int, ...], display: tuple[int, ...]) -> bytes:
    """An OpenEXR file up to its pixels; the boxes are left, top, right, bottom."""
    attributes = [(b"compression", b"compression", b"\0"), (b"comments", b"string", b"dataWindow")]
    attributes += [
        (name, b"box2i", struct.pack("<4i", *box)) for name, box in ((b"dataWindow", data), (b"displayWindow", display))
    ]
    body = b"".join(n + b"\0" + kind + b"\0" + struct.pack("<i", len(v)) + v for n, kind, v in attributes)
    return struct.pack("<ii", 20000630, 2) + body + b"\0"


def test_an_exr_file_says_itself_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "1.exr").write_bytes(exr_header((10, 20, 29, 49), (0, 0, 63, 47)))
    (tmp_path / "2.exr").write_bytes(exr_header((0, 0, 63, 47), (0, 0, 63, 47)))
    (tmp_path / "3.exr").write_bytes(exr_header((5, 7, 5, 7), (-10, 2, 53, 49)))
    frames = [{"number": number, "file": f"{number}.exr", "window": None} for number in (1, 2, 3)]
    value = {"version": 2, "plate": {"source": "c.mp4"}, "width": 64, "height": 48, "output": "exr", "frames": frames}
    (tmp_path / "manifest.json").write_text(json.dumps(value))
    assert results.read_swap(tmp_path).windows == {1: Window(10, 20, 20, 30), 3: Window(15, 5, 1, 1)}
    whole = (tmp_path / "1.exr").read_bytes()
    for damaged in (b"", b"no picture at all", whole[:30], whole[:-1], whole[:8] + b"\0"):
        (tmp_path / "1.exr").write_bytes(damaged)
        with pytest.raises(DeepfakeError, match=r"1\.exr is damaged"):
            results.read_swap(tmp_path)


def test_manifests_of_later_versions_and_damaged_windows(tmp_path: Path) -> None:
    with pytest.raises(DeepfakeError, match="version 3"):
        results.read_swap(manifest(tmp_path / "a", version=3))
    with pytest.raises(DeepfakeError, match="damaged"):
        results.read_swap(manifest(tmp_path / "b", width="wide"))
    with pytest.raises(DeepfakeError, match="damaged"):
        results.read_swap(manifest(tmp_path / "c", version="two"))


def test_names_for_folders() -> None:
    assert plates.folder_name("shot 01/é:x.mp4") == "shot_01_x.mp4"
    assert plates.folder_name("...") == "strip"
    assert plates.picture_number("shot_v2.1004.exr") == 1004
    assert plates.picture_number("still.png") is None
