"""Films that the backend writes itself."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from ml_backend.errors import UsageError
from ml_backend.media.movie import write_movie
from ml_backend.media.source import open_source


def smooth_pictures(count: int, width: int, height: int) -> list[np.ndarray]:
    across, down = np.meshgrid(np.linspace(10, 240, width), np.linspace(240, 20, height))
    return [
        np.stack([across, down, np.full_like(down, 40 * number)], axis=2).astype(np.uint8) for number in range(count)
    ]


@pytest.mark.parametrize(("size", "form"), [((64, 48), "yuv420p"), ((63, 48), "yuv444p"), ((64, 47), "yuv444p")])
def test_a_film_comes_back(size: tuple[int, int], form: str, tmp_path: Path) -> None:
    images = smooth_pictures(5, *size)
    path = tmp_path / "new" / "film.mp4"
    write_movie(path, images, Fraction(30000, 1001), crf=4)
    source = open_source(path)
    assert (source.info.width, source.info.height, source.info.count) == (*size, 5)
    assert source.info.fps == Fraction(30000, 1001)
    for frame, image in zip(source.frames(), images, strict=True):
        assert np.abs(frame.image.astype(int) - image).mean() < 3
    with av.open(str(path)) as film:
        context = film.streams.video[0].codec_context
        assert context.pix_fmt == form
        assert (context.colorspace, context.color_primaries, context.color_trc, context.color_range) == (1, 1, 1, 1)
    assert [file.name for file in path.parent.iterdir()] == ["film.mp4"]


def test_a_failed_film_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"old")

    def images() -> Iterator[np.ndarray]:
        yield np.zeros((16, 16, 3), np.uint8)
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        write_movie(path, images(), Fraction(25))
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "images",
    [
        [],
        [np.zeros((16, 16, 3), np.uint16)],
        [np.zeros((16, 16, 4), np.uint8)],
        [np.zeros((16, 16, 3), np.uint8), np.zeros((16, 18, 3), np.uint8)],
    ],
    ids=["none", "deep", "alpha", "sizes"],
)
def test_wrong_pictures(images: list[np.ndarray], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"film\.mp4"):
        write_movie(tmp_path / "film.mp4", images, Fraction(25))
    assert not list(tmp_path.iterdir())
