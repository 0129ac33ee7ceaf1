"""Folders, patterns and single pictures: numbers, gaps, mixtures."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml_backend.errors import BackendError, UsageError
from ml_backend.media.sequence_files import find_in_folder
from ml_backend.media.source import open_source
from ml_backend.media.write import write_rgb, write_rgba

MakePictures = Callable[..., Path]


@pytest.mark.parametrize("name", [".", "shot.####.png", "shot.%04d.png", "shot.#.png"])
def test_the_ways_to_name_a_sequence(name: str, tmp_path: Path, make_pictures: MakePictures) -> None:
    folder = make_pictures(
        tmp_path / "plate", [8, 9, 10, 11], name="shot.{}.png" if name == "shot.#.png" else "shot.{:04d}.png"
    )
    source = open_source(folder / name)
    info = source.info
    assert source.numbers == [8, 9, 10, 11]
    assert (info.kind, info.width, info.height, info.first, info.last, info.count) == ("sequence", 6, 4, 8, 11, 4)
    assert (info.fps, info.bit_depth, info.variable_rate) == (None, 8, False)
    assert [(frame.number, int(frame.image[0, 0, 0])) for frame in source.frames()] == [(n, n) for n in (8, 9, 10, 11)]
    assert [frame.number for frame in source.frames([9, 11])] == [9, 11]


def test_numbers_longer_than_the_pattern(tmp_path: Path, make_pictures: MakePictures) -> None:
    folder = make_pictures(tmp_path, [99, 100, 101], name="{:02d}.png")
    assert open_source(folder / "##.png").numbers == [99, 100, 101]
    assert open_source(folder / "###.png").numbers == [100, 101]


def test_the_last_digits_are_the_number(tmp_path: Path, make_pictures: MakePictures) -> None:
    make_pictures(tmp_path, [5, 6], name="sc02_take3_v{:03d}_final.png")
    assert open_source(tmp_path).numbers == [5, 6]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(numbers=st.sets(st.integers(0, 99999), min_size=1, max_size=12))
def test_the_files_found_are_the_files_there(numbers: set[int], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("found")
    for number in numbers:
        (folder / f"a1.{number:03d}.png").touch()
    found = find_in_folder(folder)
    assert list(found) == sorted(numbers)
    assert all(file.name == f"a1.{number:03d}.png" for number, file in found.items())


def test_hidden_files_and_other_things_do_not_count(tmp_path: Path, make_pictures: MakePictures) -> None:
    make_pictures(tmp_path, [1, 2])
    (tmp_path / ".shot.0003.png.1234.part").touch()
    (tmp_path / ".shot.0004.png").touch()
    (tmp_path / "manifest.json").write_text("{}")
    (tmp_path / "Thumbs.db").touch()
    (tmp_path / "0005.png").mkdir()
    assert open_source(tmp_path).numbers == [1, 2]


def test_missing_numbers_are_named(tmp_path: Path, make_pictures: MakePictures) -> None:
    make_pictures(tmp_path, [1, 2, 4, 8, 9, 10, 11, 20260101])
    with pytest.raises(BackendError, match=r"no picture for 3, 5-7, 12-20260100\."):
        open_source(tmp_path)
    with pytest.raises(BackendError, match=r"no picture for 5-6\.") as caught:
        open_source(tmp_path, frames="4-6")
    assert "8-11" in caught.value.fix
    source = open_source(tmp_path, frames="8-11")
    assert source.numbers == [8, 9, 10, 11]
    assert source.info.count == 8


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ([], "has no pictures"),
        (["film.mp4", "notes.txt"], "has no pictures"),
        (["left.png", "right.png"], r"left\.png has no number"),
        (["a.0001.png", "a.0002.png", "cover.png"], r"cover\.png has no number"),
        (["a.0001.png", "b.0001.png"], r"2 sequences: a\.####\.png and b\.####\.png"),
        (["a.0001.png", "a.0001.jpg"], r"2 sequences: a\.####\.jpg and a\.####\.png"),
        (["a.1.png", "a.01.png"], "have the same number 1"),
        (["s.-0002.png", "s.-0001.png"], r"s\.-0001\.png is below zero"),
        (["s.-001.png", "s.0000.png", "s.0001.png"], r"s\.-001\.png is below zero"),
        (["-0002.png", "-0001.png"], r"-0001\.png is below zero"),
    ],
)
def test_folders_that_are_no_sequence(files: list[str], told: str, tmp_path: Path) -> None:
    for file in files:
        (tmp_path / file).touch()
    with pytest.raises(BackendError, match=told) as caught:
        open_source(tmp_path)
    assert caught.value.fix


def test_a_dash_is_no_minus(tmp_path: Path, make_pictures: MakePictures) -> None:
    make_pictures(tmp_path, [1, 2])
    for number in (1, 2):
        (tmp_path / f"shot.000{number}.png").rename(tmp_path / f"shot_v1-000{number}.png")
    assert open_source(tmp_path).numbers == open_source(tmp_path / "shot_v1-####.png").numbers == [1, 2]
    with pytest.raises(BackendError, match="below zero"):
        open_source(tmp_path / "shot.-####.png")


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("shot.####.png", "No file matches"),
        ("gone/shot.####.png", "folder .*gone does not exist"),
        ("##.####.png", "2 places"),
        ("shot.png", "does not exist"),
    ],
)
def test_patterns_that_match_nothing(pattern: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=told):
        open_source(tmp_path / pattern)


def test_an_existing_file_is_no_pattern(tmp_path: Path, make_pictures: MakePictures) -> None:
    make_pictures(tmp_path / "take #1", [1])
    (tmp_path / "take #1" / "shot.0001.png").rename(tmp_path / "take #1" / "shot #12.png")
    assert open_source(tmp_path / "take #1").numbers == [12]
    assert open_source(tmp_path / "take #1" / "shot #12.png").numbers == [12]


@pytest.mark.parametrize(("name", "number"), [("shot.0042.png", 42), ("portrait.png", 1)])
def test_a_single_picture(name: str, number: int, tmp_path: Path) -> None:
    write_rgb(tmp_path / name, np.full((5, 3, 3), 200, np.uint8))
    source = open_source(tmp_path / name)
    assert source.numbers == [number]
    assert (source.info.count, source.info.first, source.info.last) == (1, number, number)
    assert next(source.frames()).image.shape == (5, 3, 3)


@pytest.mark.parametrize(
    "other", [np.zeros((4, 7, 3), np.uint8), np.zeros((4, 6, 3), np.uint16)], ids=["size", "depth"]
)
def test_a_picture_that_differs_is_named(other: np.ndarray, tmp_path: Path, make_pictures: MakePictures) -> None:
    make_pictures(tmp_path, [1, 2, 3])
    write_rgb(tmp_path / "shot.0002.png", other)
    frames = open_source(tmp_path).frames()
    assert next(frames).number == 1
    with pytest.raises(BackendError, match=r"shot\.0002\.png is .*6×4 with 8 bit"):
        next(frames)


@pytest.mark.parametrize("content", [b"", b"junk", None], ids=["empty", "junk", "cut"])
def test_a_broken_picture_is_named(content: bytes | None, tmp_path: Path, make_pictures: MakePictures) -> None:
    make_pictures(tmp_path, [1, 2, 3])
    broken = tmp_path / "shot.0002.png"
    broken.write_bytes(broken.read_bytes()[:-20] if content is None else content)
    frames = open_source(tmp_path).frames()
    next(frames)
    with pytest.raises(BackendError, match=r"shot\.0002\.png"):
        next(frames)


def test_alpha_lies_beside_the_picture_and_depth_is_kept(tmp_path: Path) -> None:
    image = np.random.default_rng(0).integers(0, 65536, (4, 6, 4), dtype=np.uint16)
    write_rgba(tmp_path / "a.0001.png", image)
    source = open_source(tmp_path)
    assert source.info.bit_depth == 16
    frame = next(source.frames())
    assert np.array_equal(frame.image, image[:, :, :3])
    np.testing.assert_allclose(frame.alpha, image[:, :, 3] / 65535, atol=1e-6)


@pytest.mark.parametrize("value", [0, 255])
def test_an_alpha_that_is_the_same_everywhere_tells_nothing(value: int, tmp_path: Path) -> None:
    write_rgba(tmp_path / "a.0001.png", np.full((4, 6, 4), value, np.uint8))
    assert next(open_source(tmp_path).frames()).alpha is None


@pytest.mark.parametrize("suffix", ["png", "jpg", "jpeg", "tif", "tiff", "webp", "bmp", "PNG"])
def test_picture_formats(suffix: str, tmp_path: Path) -> None:
    smooth = np.linspace(40, 200, 16, dtype=np.uint8)
    image = np.stack([np.tile(smooth, (16, 1)), np.tile(smooth[:, None], (1, 16)), np.full((16, 16), 90, np.uint8)], 2)
    assert cv2.imwrite(str(tmp_path / f"a.7.{suffix}"), image[:, :, ::-1])
    source = open_source(tmp_path)
    assert source.numbers == [7]
    assert np.abs(next(source.frames()).image.astype(int) - image).max() < 12
