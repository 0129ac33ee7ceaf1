"""Floating-point pictures as plates: scene-linear, whole, and with a 16-bit picture for those who look at them."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from ml_backend.errors import BackendError, UsageError
from ml_backend.media.exr import encode_exr
from ml_backend.media.picture import read_picture
from ml_backend.media.source import open_source
from ml_backend.media.write import write_rgb


def light(number: int = 1) -> np.ndarray:
    """H×W×3 light from −0.5 to 16, each number another one."""
    noise = np.random.default_rng(number).random((12, 20, 3)) ** 4
    return (noise * 16.5 - 0.5).astype(np.float16).astype(np.float32)


def write_exr(path: Path, image: np.ndarray, timecode: str | None = None) -> None:
    channels = {name: image[:, :, place] for place, name in enumerate("RGB")}
    path.write_bytes(encode_exr(channels, attributes={"timeCode": timecode} if timecode else {}))


def write_by_opencv(path: Path, image: np.ndarray) -> None:
    assert cv2.imwrite(str(path), image[:, :, ::-1])


@pytest.mark.parametrize("where", [".", "a.####.exr", "a.1001.exr"])
def test_an_exr_sequence(where: str, tmp_path: Path) -> None:
    for number in (1001, 1002):
        write_exr(tmp_path / f"a.{number}.exr", light(number), f"01:00:00:{number - 1000:02d}")
    source = open_source(tmp_path / where)
    info = source.info
    assert (info.kind, info.width, info.height, info.bit_depth) == ("sequence", 20, 12, 32)
    assert (info.colour, info.timecode, source.colour.name) == ("Linear Rec.709", "01:00:00:01", "Linear Rec.709")
    for frame in source.frames():
        assert np.array_equal(frame.stored, light(frame.number))
        assert frame.image.dtype == np.uint16
        shown = source.colour.to_display(frame.stored)
        assert np.abs(frame.image - shown.picture * 65535).max() <= 1.5
        assert np.array_equal(source.colour.from_display(*shown).astype(np.float16), frame.stored.astype(np.float16))


@pytest.mark.parametrize(
    ("suffix", "write", "error"),
    [("tif", write_by_opencv, 0.0), ("pfm", write_by_opencv, 0.0), ("hdr", write_by_opencv, 0.08)],
)
def test_other_float_pictures(
    suffix: str, write: Callable[[Path, np.ndarray], None], error: float, tmp_path: Path
) -> None:
    """A .hdr shares one exponent among three channels and has no negative light."""
    image = np.maximum(light(), 0) if suffix == "hdr" else light()
    write(tmp_path / f"a.7.{suffix}", image)
    source = open_source(tmp_path)
    assert (source.info.bit_depth, source.info.colour) == (32, "Linear Rec.709")
    assert np.abs(next(source.frames()).stored - image).max() <= error


@pytest.mark.parametrize("suffix", ["tif", "pfm", "hdr", "exr"])
@pytest.mark.parametrize("part", [0.02, 0.3, 0.6, 0.95])
def test_a_cut_float_picture_is_named(suffix: str, part: float, tmp_path: Path) -> None:
    path = tmp_path / f"a.7.{suffix}"
    (write_exr if suffix == "exr" else write_by_opencv)(path, np.maximum(light(), 0))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    with pytest.raises(BackendError, match=rf"a\.7\.{suffix}"):
        open_source(path)


def test_a_frame_of_another_kind_is_named(tmp_path: Path) -> None:
    write_by_opencv(tmp_path / "a.1.tif", light())
    write_by_opencv(tmp_path / "a.2.tif", np.zeros((12, 20, 3), np.uint16))
    frames = open_source(tmp_path).frames()
    next(frames)
    with pytest.raises(BackendError, match=r"a\.2\.tif is 20×12 with 16 bit.*with 32 bit"):
        next(frames)


def test_float_values_that_are_display_values(tmp_path: Path) -> None:
    write_exr(tmp_path / "a.1.exr", np.full((4, 5, 3), 0.5, np.float32))
    frame = next(open_source(tmp_path, colourspace="sRGB").frames())
    assert np.abs(frame.image.astype(int) - 32768).max() <= 2


def test_integer_pictures_are_what_they_were(tmp_path: Path) -> None:
    image = np.random.default_rng(0).integers(0, 65536, (4, 6, 3), dtype=np.uint16)
    write_rgb(tmp_path / "a.0001.png", image)
    source = open_source(tmp_path)
    frame = next(source.frames())
    assert frame.stored is frame.image
    assert (source.info.colour, source.info.timecode) == ("sRGB", None)
    assert np.array_equal(frame.image, image)


@pytest.mark.parametrize("name", ["a.exr", "a.hdr", "a.tif"])
def test_where_only_integers_will_do(name: str, tmp_path: Path) -> None:
    (write_exr if name == "a.exr" else write_by_opencv)(tmp_path / name, light())
    with pytest.raises(UsageError, match="floating-point"):
        read_picture(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "white"), [("ACEScg", (0.32168, 0.33767)), (None, (0.3, 0.3)), ("Linear Rec.709", (0.3127, 0.329))]
)
def test_an_exr_in_other_primaries_is_not_taken_for_rec709(
    tmp_path: Path, name: str | None, white: tuple[float, float]
) -> None:
    rec709 = (0.64, 0.33, 0.3, 0.6, 0.15, 0.06, *white)
    told = (0.713, 0.293, 0.165, 0.83, 0.128, 0.044, *white) if name == "ACEScg" else rec709
    channels = {channel: np.ones((4, 5), np.float32) for channel in "RGB"}
    (tmp_path / "a.1.exr").write_bytes(encode_exr(channels, attributes={"chromaticities": told}))
    if name == "Linear Rec.709":
        assert open_source(tmp_path).info.colour == name
        return
    with pytest.raises(UsageError, match=f"--colourspace {name or 'NAME'}"):
        open_source(tmp_path)
    assert open_source(tmp_path, colourspace="ACEScg").info.colour == "ACEScg"
