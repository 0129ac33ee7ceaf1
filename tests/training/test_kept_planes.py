"""Planes in a file: the same pixels as in memory, found by the next start, made again where they are wrong."""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from ml_backend.errors import BackendError
from ml_backend.faces.alignment import FACE
from ml_backend.facesets.masks import write_predicted
from ml_backend.facesets.store import Faceset
from ml_backend.media.write import read_picture, write_rgb
from ml_backend.training.data import TrainingFaces, load_faces

CPU = torch.device("cpu")


@pytest.fixture
def folder(facesets: dict[str, Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(facesets["identity_B"], tmp_path / "faces"))


def load(folder: Path, budget: int = 0, resolution: int = 32) -> TrainingFaces:
    return load_faces(Faceset.open(folder), resolution, FACE.side, CPU, budget)


def kept(folder: Path) -> list[Path]:
    return sorted((folder / "cache").iterdir())


def test_a_file_has_the_same_faces_as_memory(folder: Path) -> None:
    memory, file = load(folder, budget=10**9), load(folder)
    assert [file.name for file in sorted(kept(folder)[0].iterdir())] == ["checks.npy", "planes.npy"]
    assert torch.equal(memory.planes, file.planes)
    assert (memory.span, *memory.embedding) == (file.span, *file.embedding)
    indices = torch.tensor([7, 0, 7, 3])
    assert torch.equal(memory.take(indices), file.take(indices))


def test_planes_that_fit_write_nothing(folder: Path) -> None:
    load(folder, budget=10**9)
    assert not (folder / "cache").exists()


def test_the_next_start_decodes_nothing(folder: Path) -> None:
    first = load(folder)
    _spoil_pictures(folder)
    for budget in (0, 10**9):
        assert torch.equal(load(folder, budget).planes, first.planes)


def _spoil_pictures(folder: Path) -> None:
    """Overwritten with as many zeros at the same time: as if nobody had touched them, and nobody can decode them."""
    for picture in (folder / "faces").iterdir():
        state = picture.stat()
        picture.write_bytes(bytes(state.st_size))
        os.utime(picture, ns=(state.st_atime_ns, state.st_mtime_ns))


def _shortened(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-5000])


def _emptied(file: Path) -> None:
    file.write_bytes(b"")


def _zeroed(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[:128] + bytes(len(content) - 128))


@pytest.mark.parametrize("name", ["planes.npy", "checks.npy"])
@pytest.mark.parametrize("damage", [_shortened, _emptied, _zeroed, Path.unlink])
def test_damaged_files_are_made_again(folder: Path, name: str, damage: Callable[[Path], None]) -> None:
    before = load(folder).planes.clone()
    damage(kept(folder)[0] / name)
    assert torch.equal(load(folder).planes, before)
    _spoil_pictures(folder)
    assert torch.equal(load(folder).planes, before), "the new files are whole"


def _repaint(folder: Path) -> None:
    picture = next((folder / "faces").iterdir())
    write_rgb(picture, 255 - read_picture(picture))


def _mask(folder: Path) -> None:
    write_predicted(Faceset.open(folder).faces()[2], np.zeros((96, 96), np.uint8))


def _delete(folder: Path) -> None:
    next((folder / "faces").iterdir()).unlink()


def _hide(folder: Path) -> None:
    faceset = Faceset.open(folder)
    with faceset.index() as index, index:
        index.execute("UPDATE face SET interpolated = 1 WHERE file = ?", (faceset.faces()[0].path.name,))


@pytest.mark.parametrize("change", [_repaint, _mask, _delete, _hide])
def test_a_changed_faceset_is_read_again(folder: Path, change: Callable[[Path], None]) -> None:
    old = load(folder).planes.clone()
    change(folder)
    new = load(folder)
    assert torch.equal(new.planes, load(folder, budget=10**9).planes)
    assert not torch.equal(new.planes, old)
    assert len(kept(folder)) == 1, "nobody needs the old ones"


def test_two_resolutions_are_kept_side_by_side(folder: Path) -> None:
    small, large = load(folder), load(folder, resolution=48)
    assert len(kept(folder)) == 2
    _spoil_pictures(folder)
    assert torch.equal(load(folder).planes, small.planes)
    assert torch.equal(load(folder, resolution=48).planes, large.planes)


def test_what_a_killed_start_left_is_deleted_a_day_later(folder: Path) -> None:
    old, new = (folder / "cache" / f".training_{name}.part" for name in ("old", "new"))
    for part in (old, new):
        part.mkdir(parents=True)
        (part / "planes.npy").write_bytes(b"half")
    os.utime(old, (0, 0))
    load(folder)
    assert not old.exists()
    assert new.exists(), "somebody may be writing it now"


def test_where_nothing_can_be_written_a_temporary_file_does(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "cache").write_text("a file where a folder should be: as little can be written there as on a full disk")
    place = folder.parent / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    expected = load(folder, budget=10**9).planes
    faces = load(folder)
    assert torch.equal(faces.planes, expected)
    assert len(list(place.iterdir())) == 1
    del faces
    assert not list(place.iterdir()), "it goes with the faces"


def test_where_no_file_can_be_written_memory_does(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "cache").write_text("")
    monkeypatch.setattr(tempfile, "tempdir", str(folder / "cache"))
    assert torch.equal(load(folder).planes, load(folder, budget=10**9).planes)


def test_a_damaged_picture_is_told_and_nothing_half_stays(folder: Path) -> None:
    picture = next((folder / "faces").iterdir())
    picture.write_bytes(picture.read_bytes()[:100])
    with pytest.raises(BackendError, match=picture.name):
        load(folder)
    assert kept(folder) == []
