"""The film of a model's previews."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from ml_backend.errors import BackendError, UsageError
from ml_backend.media.source import open_source
from ml_backend.media.write import write_rgb
from ml_backend.training.curves.timelapse import BAR, write_timelapse


def add_preview(model: Path, iteration: int, grey: int, size: tuple[int, int] = (64, 96)) -> None:
    write_rgb(model / "previews" / f"{iteration:08d}.png", np.full((*size, 3), grey, np.uint8))


def test_every_preview_is_a_frame_with_its_iteration(tmp_path: Path) -> None:
    for number, grey in ((1, 40), (250, 120), (99_999_999, 200), (100_000_000, 240)):
        add_preview(tmp_path, number, grey)
    out = tmp_path / "film.mp4"
    result = write_timelapse(tmp_path, out, fps=10)
    assert (result["frames"], result["first"], result["last"]) == (4, 1, 100_000_000)
    film = open_source(out)
    assert (film.info.width, film.info.height, film.info.fps) == (96, 64 + BAR, Fraction(10))
    frames = [frame.image for frame in film.frames()]
    assert [round(float(frame[:60].mean()) / 5) * 5 for frame in frames] == [40, 120, 200, 240]
    bars = [frame[66:] for frame in frames]
    assert all(bar.max() > 150 for bar in bars)  # a label
    assert not np.array_equal(bars[0], bars[1])


def test_previews_of_other_sizes_are_fitted(tmp_path: Path) -> None:
    add_preview(tmp_path, 1, 200, (30, 30))
    add_preview(tmp_path, 2, 200, (300, 50))
    add_preview(tmp_path, 3, 200, (64, 97))
    result = write_timelapse(tmp_path, tmp_path / "film.mp4")
    assert result["width"] % 2 == result["height"] % 2 == 0
    square, tall, last = (frame.image for frame in open_source(tmp_path / "film.mp4").frames())
    assert square[32, 48].min() > 180
    assert square[32, 5].max() < 40  # black beside it
    assert tall[32, 48].min() > 180
    assert tall[32, 20].max() < 40
    assert last[:62].min() > 150


def test_a_large_preview_becomes_a_film_that_players_show(tmp_path: Path) -> None:
    add_preview(tmp_path, 1, 100, (200, 5000))
    assert write_timelapse(tmp_path, tmp_path / "film.mp4")["width"] == 3840


def test_a_long_training_is_thinned_to_the_ends(tmp_path: Path) -> None:
    for number in range(1, 12):
        add_preview(tmp_path, number, 20 * number)
    for most, frames in ((1, [11]), (2, [1, 11]), (3, [1, 6, 11]), (99, list(range(1, 12)))):
        result = write_timelapse(tmp_path, tmp_path / "film.mp4", most=most)
        assert (result["frames"], result["first"], result["last"]) == (len(frames), frames[0], frames[-1])


def test_wrong_use_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no previews"):
        write_timelapse(tmp_path, tmp_path / "film.mp4")
    add_preview(tmp_path, 1, 100)
    with pytest.raises(UsageError, match="frames a second"):
        write_timelapse(tmp_path, tmp_path / "film.mp4", fps=0)
    with pytest.raises(UsageError, match="1 or more"):
        write_timelapse(tmp_path, tmp_path / "film.mp4", most=0)
    assert not (tmp_path / "film.mp4").exists()


def test_a_damaged_preview_is_named(tmp_path: Path) -> None:
    add_preview(tmp_path, 1, 100)
    file = tmp_path / "previews" / "00000001.png"
    file.write_bytes(file.read_bytes()[:40])
    with pytest.raises(BackendError, match=r"00000001\.png"):
        write_timelapse(tmp_path, tmp_path / "film.mp4")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["previews"]
