"""The portraits that stay with a model: chosen for what they differ in, kept, exported, and honest when damaged."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from ml_backend.errors import BackendError
from ml_backend.facesets.store import Faceset
from ml_backend.training.models.portraits import (
    MOST,
    Portraits,
    choose_portraits,
    keep_portraits,
    portraits_file,
    read_portraits,
    write_portraits,
)


def test_portraits_are_the_faces_with_their_points(facesets: dict[str, Path]) -> None:
    faceset = Faceset.open(facesets["identity_B"])
    portraits = choose_portraits(faceset)
    count, side = portraits.pictures.shape[:2]
    assert portraits.pictures.shape == (count, side, side, 3)
    assert 4 <= count <= MOST
    assert portraits.points.shape == (count, 478, 3)
    across = portraits.points[..., :2]
    assert 0.3 < across.mean() < 0.7  # the face fills the framing
    assert (across.max(1) - across.min(1) > 0.4).all()
    eyes = portraits.points[:, [33, 263], 0]
    assert (eyes[:, 0] < eyes[:, 1]).all()


def test_they_are_written_once_and_again_for_other_faces(facesets: dict[str, Path], tmp_path: Path) -> None:
    faceset, model = Faceset.open(facesets["identity_B"]), tmp_path / "model"
    keep_portraits(model, "identity_B", faceset)
    file = portraits_file(model, "identity_B")
    first, state = read_portraits(model, "identity_B"), file.stat()
    assert first is not None
    keep_portraits(model, "identity_B", faceset)
    assert file.stat().st_mtime_ns == state.st_mtime_ns
    fewer = tmp_path / "fewer"
    shutil.copytree(facesets["identity_B"], fewer)
    for picture in sorted((fewer / "faces").glob("*.png"))[::2]:
        picture.unlink()
    keep_portraits(model, "identity_B", Faceset.open(fewer))
    other = read_portraits(model, "identity_B")
    assert other is not None
    assert other.sha256 != first.sha256


def test_a_model_without_portraits_has_none(tmp_path: Path) -> None:
    assert read_portraits(tmp_path, "identity_B") is None


def test_of_a_large_faceset_some_are_looked_at(facesets: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ml_backend.training.models.portraits.LOOKED_AT", 5)
    faceset = Faceset.open(facesets["identity_B"])
    assert len(faceset.pictures()) > 5
    assert 3 <= len(choose_portraits(faceset).pictures) <= 5


@pytest.mark.parametrize("spoil", ["none", "not numbers", "other points"])
def test_what_are_no_portraits_is_told(facesets: dict[str, Path], tmp_path: Path, spoil: str) -> None:
    few = choose_portraits(Faceset.open(facesets["identity_B"]))
    points = few.points.copy()
    points[0, 0, 0] = np.nan
    wrong = {
        "none": Portraits(few.pictures[:0], few.points[:0]),
        "not numbers": Portraits(few.pictures, points),
        "other points": Portraits(few.pictures, few.points[:, :68]),
    }
    write_portraits(portraits_file(tmp_path, "anna"), wrong[spoil], "key")
    with pytest.raises(BackendError, match=r"anna\.safetensors is damaged: .*portraits"):
        read_portraits(tmp_path, "anna")


@pytest.mark.parametrize("damage", ["cut", "text"])
def test_a_damaged_file_is_named(facesets: dict[str, Path], tmp_path: Path, damage: str) -> None:
    keep_portraits(tmp_path, "identity_B", Faceset.open(facesets["identity_B"]))
    file = portraits_file(tmp_path, "identity_B")
    file.write_bytes(file.read_bytes()[:-1000] if damage == "cut" else b"no tensors")
    with pytest.raises(BackendError, match=r"identity_B\.safetensors is damaged"):
        read_portraits(tmp_path, "identity_B")


def test_blurred_faces_are_no_portraits(facesets: dict[str, Path], tmp_path: Path) -> None:
    folder = tmp_path / "identity_B"
    shutil.copytree(facesets["identity_B"], folder)
    sharp = choose_portraits(Faceset.open(folder))
    for file in sorted((folder / "faces").glob("*.png"))[::4]:
        blurred = cv2.GaussianBlur(cv2.imread(str(file), cv2.IMREAD_UNCHANGED), (0, 0), 12)
        cv2.imwrite(str(file), blurred)
    kept = choose_portraits(Faceset.open(folder))
    given = {points.tobytes(): picture for points, picture in zip(sharp.points, sharp.pictures, strict=True)}
    assert 4 <= len(kept.points) < len(sharp.points)
    for points, picture in zip(kept.points, kept.pictures, strict=True):
        assert np.array_equal(picture, given[points.tobytes()]), "a blurred one was kept"
