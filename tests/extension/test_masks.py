"""Painted masks: exact values in the file, and which face comes next."""

from array import array
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blender_deepfake.core import grey_png, mask_files
from blender_deepfake.core.errors import DeepfakeError


def rgba(levels: np.ndarray) -> "array[float]":
    """Grey levels (H×W uint8, top row first) as Blender gives the pixels of a byte image."""
    pixels = np.repeat((levels[::-1, :, None] / np.float32(255)).astype(np.float32), 4, axis=2)
    pixels[..., 1:3] = 0.25  # only red counts
    pixels[..., 3] = 1
    return array("f", pixels.tobytes())


def test_every_level_is_exact(tmp_path: Path) -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(8, 32)
    levels[0, :5] = 200
    path = mask_files.save(tmp_path, "plate_000012_0.png", rgba(levels), 32, 8)
    assert path == tmp_path / "masks" / "painted" / "plate_000012_0.png"
    read = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert read.dtype == np.uint8
    assert np.array_equal(read, levels), "one grey channel, the top row first"
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_what_is_no_level_comes_near(tmp_path: Path) -> None:
    values = [-1.0, 0.0019, 0.0021, 0.5, 1.0, 7.0, float("nan"), float("inf")]
    pixels = array("f", [v for value in values for v in (value, 0.0, 0.0, 1.0)])
    read = cv2.imdecode(np.frombuffer(grey_png.from_rgba(pixels, 8, 1), np.uint8), cv2.IMREAD_UNCHANGED)
    assert read.tolist() == [[0, 0, 1, 128, 255, 255, 0, 255]]
    with pytest.raises(ValueError, match="4 × 4"):
        grey_png.from_rgba(pixels, 4, 4)
    with pytest.raises(ValueError, match="2 × 2"):
        grey_png.encode(b"123", 2, 2)


def test_painted_wins_over_predicted(tmp_path: Path) -> None:
    assert mask_files.present(tmp_path, "a.png") is None
    assert mask_files.painted(tmp_path) == set()
    predicted = tmp_path / "masks" / "predicted" / "a.png"
    predicted.parent.mkdir(parents=True)
    predicted.touch()
    assert mask_files.present(tmp_path, "a.png") == predicted
    painted = mask_files.save(tmp_path, "a.png", rgba(np.zeros((2, 2), np.uint8)), 2, 2)
    assert mask_files.present(tmp_path, "a.png") == painted
    assert mask_files.painted(tmp_path) == {"a.png"}


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "masks").write_text("")
    with pytest.raises(DeepfakeError) as raised:
        mask_files.save(tmp_path, "a.png", rgba(np.zeros((2, 2), np.uint8)), 2, 2)
    assert raised.value.fix


@given(st.integers(1, 60), st.data())
def test_next_faces_spread(count: int, data: st.DataObject) -> None:
    names = [f"{number:03d}.png" for number in range(count)]
    done: set[str] = set()
    order = []
    while (name := mask_files.next_to_paint(names, done)) is not None:
        assert name not in done
        done.add(name)
        order.append(names.index(name))
    assert sorted(order) == list(range(count)), "each face once"
    some = data.draw(st.integers(1, count))
    marks = [-1, *sorted(order[:some]), count]
    gaps = [after - before for before, after in pairwise(marks)]
    assert max(gaps) <= 2 * (count + 1) / (some + 1) + 2, "the first few lie apart over the whole faceset"


def test_neighbours() -> None:
    names = ["a", "b", "c"]
    assert mask_files.next_to_paint([], set()) is None
    assert mask_files.neighbour(names, "b", 1) == "c"
    assert mask_files.neighbour(names, "b", -1) == "a"
    assert mask_files.neighbour(names, "c", 1) is None
    assert mask_files.neighbour(names, "a", -1) is None
    assert mask_files.neighbour(names, "gone", 1) == "a"
    assert mask_files.neighbour([], "gone", 1) is None
