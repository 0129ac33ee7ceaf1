"""A plate: a source and a range of its frames, given as an object or as a JSON file."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ml_backend.errors import BackendError, UsageError
from ml_backend.media.source import open_source
from ml_backend.requests import Plate

MakePictures = Callable[..., Path]


def plate_file(path: Path, content: object) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_a_plate_object(tmp_path: Path, make_pictures: MakePictures) -> None:
    make_pictures(tmp_path, [1, 2, 3])
    assert open_source(Plate(source=str(tmp_path), frames="2-")).numbers == [2, 3]
    assert open_source(Plate(source=str(tmp_path), frames="2-"), frames="1").numbers == [1]


@pytest.mark.parametrize("source", ["pictures", "pictures/shot.####.png", "./pictures"])
def test_a_plate_file_names_its_neighbours(source: str, tmp_path: Path, make_pictures: MakePictures) -> None:
    make_pictures(tmp_path / "pictures", [1, 2, 3])
    path = plate_file(tmp_path / "plate.json", {"source": source, "frames": "-2"})
    assert open_source(path).numbers == [1, 2]
    assert open_source(str(path), frames="3").numbers == [3]


def test_a_plate_file_with_an_absolute_source(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, make_clip: Callable[..., Path]
) -> None:
    path = plate_file(tmp_path / "plate.json", {"source": str(make_clip())})
    assert open_source(path).info.count == 40


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "not a plate file"),
        ({}, "source"),
        ({"source": ""}, "source"),
        ({"source": "a.mp4", "frame": "1-2"}, "frame"),
        ([1], "not a plate file"),
    ],
)
def test_bad_plate_files(content: object, told: str, tmp_path: Path) -> None:
    with pytest.raises(BackendError, match=told):
        open_source(plate_file(tmp_path / "plate.json", content))


def test_a_missing_plate_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"plate\.json does not exist"):
        open_source(tmp_path / "plate.json")


def test_a_plate_file_does_not_name_another(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="named by another plate"):
        open_source(plate_file(tmp_path / "plate.json", {"source": "plate.json"}))
