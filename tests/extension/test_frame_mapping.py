"""From timeline to source and back to files, for every trim, offset and direction."""

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blender_deepfake.core import frame_mapping, plates, results
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


def test_rendered_plates_count_from_the_left_handle(tmp_path: Path) -> None:
    timing = StripTiming(0, 50, 0, 0, 20, 24)
    swap = swap_folder(tmp_path, "shots/name_1234.plate", [1, 2, 3, 4])
    placed = results.place(StripDescription("s", "META", timing), swap)
    assert (placed.first, placed.files[-1]) == (20, "000004.png")


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


def test_names_for_folders() -> None:
    assert plates.folder_name("shot 01/é:x.mp4") == "shot_01_x.mp4"
    assert plates.folder_name("...") == "strip"
    assert plates.picture_number("shot_v2.1004.exr") == 1004
    assert plates.picture_number("still.png") is None
