"""Pictures come back as they were written, and are there whole or not at all."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ml_backend.errors import BackendError, UsageError
from ml_backend.media.write import encode_png, read_picture, write_rgb, write_rgba

shapes = st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from([3, 4]))
pictures = st.sampled_from([np.uint8, np.uint16]).flatmap(lambda kind: arrays.arrays(kind, shapes))


@settings(deadline=None)
@given(image=pictures)
def test_what_is_written_is_read(image: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("png") / "new" / "000001.png"
    (write_rgb if image.shape[2] == 3 else write_rgba)(path, image)
    read = read_picture(path)
    assert read.dtype == image.dtype
    assert np.array_equal(read, image)
    assert [file.name for file in path.parent.iterdir()] == ["000001.png"]


def test_the_colours_are_in_order(tmp_path: Path) -> None:
    write_rgba(tmp_path / "a.png", np.array([[[10, 20, 30, 0]]], np.uint8))
    assert cv2.imread(str(tmp_path / "a.png"), cv2.IMREAD_UNCHANGED).tolist() == [[[30, 20, 10, 0]]]


def test_the_same_picture_gives_the_same_bytes() -> None:
    image = np.random.default_rng(0).integers(0, 256, (40, 40, 4), dtype=np.uint8)
    assert encode_png(image) == encode_png(image.copy())


def test_a_view_of_another_array(tmp_path: Path) -> None:
    image = np.random.default_rng(0).integers(0, 256, (8, 9, 4), dtype=np.uint8)
    write_rgb(tmp_path / "a.png", image[::-1, ::2, :3])
    assert np.array_equal(read_picture(tmp_path / "a.png"), image[::-1, ::2, :3])


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4, 3), np.float32),
        np.zeros((4, 4, 2), np.uint8),
        np.zeros(4, np.uint8),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_what_is_no_picture(image: np.ndarray) -> None:
    with pytest.raises(UsageError):
        encode_png(image)


def test_the_wrong_number_of_channels_leaves_the_old_file(tmp_path: Path) -> None:
    write_rgb(tmp_path / "a.png", np.zeros((2, 2, 3), np.uint8))
    with pytest.raises(UsageError, match="3 channels"):
        write_rgb(tmp_path / "a.png", np.zeros((2, 2, 4), np.uint8))
    assert read_picture(tmp_path / "a.png").shape == (2, 2, 3)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_grey_becomes_rgb(kind: type[np.uint8 | np.uint16], tmp_path: Path) -> None:
    grey = np.arange(12, dtype=kind).reshape(3, 4)
    (tmp_path / "grey.png").write_bytes(encode_png(grey))
    read = read_picture(tmp_path / "grey.png")
    assert read.dtype == kind
    assert np.array_equal(read, np.stack([grey] * 3, axis=2))


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif"])
@pytest.mark.parametrize("part", [0.3, 0.6, 0.95, 0.999])
def test_a_cut_picture_is_an_error(suffix: str, part: float, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    _, data = cv2.imencode(suffix, noise)
    path = tmp_path / f"cut{suffix}"
    path.write_bytes(data.tobytes()[: int(len(data) * part)])
    with pytest.raises(BackendError, match=f"cut{suffix}"):
        read_picture(path)


def test_a_png_with_a_flipped_bit_is_an_error(tmp_path: Path) -> None:
    data = bytearray(encode_png(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)))
    data[len(data) // 2] ^= 1
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(BackendError, match="damaged"):
        read_picture(tmp_path / "a.png")


def test_a_jpeg_cut_behind_its_thumbnail_is_an_error(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    whole = cv2.imencode(".jpg", noise)[1].tobytes()
    thumbnail = cv2.imencode(".jpg", noise[:8, :8])[1].tobytes()
    exif = b"\xff\xe1" + (len(thumbnail) + 2).to_bytes(2) + thumbnail
    path = tmp_path / "photo.jpg"
    path.write_bytes(whole[:2] + exif + whole[2:])
    assert read_picture(path).shape == (64, 64, 3)
    path.write_bytes((whole[:2] + exif + whole[2:])[:-200])
    with pytest.raises(BackendError, match="cut off"):
        read_picture(path)
