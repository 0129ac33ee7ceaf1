"""Masks of stored faces: taken in whole, found again, and counted."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from ml_backend.errors import BackendError, UsageError
from ml_backend.faces.part_masks import part_mask
from ml_backend.facesets.masks import (
    covered_share,
    import_masks,
    mask_of,
    occlusion,
    painted_file,
    predicted_file,
    read_mask,
    write_predicted,
)
from ml_backend.facesets.store import Faceset
from ml_backend.progress import SilentReporter

SIZE = 64


def save(path: Path, picture: np.ndarray) -> None:
    """Grey, RGB or RGBA."""
    path.parent.mkdir(parents=True, exist_ok=True)
    order = [2, 1, 0, 3]
    stored = picture if picture.ndim == 2 else picture[:, :, order[: picture.shape[2]]]
    assert cv2.imwrite(str(path), stored)


def half(size: int = SIZE, kind: type = np.uint8) -> np.ndarray:
    """The left half is covered."""
    mask = np.zeros((size, size), kind)
    mask[:, size // 2 :] = np.iinfo(kind).max
    return mask


@pytest.fixture
def faceset(eight_faces: Path) -> Faceset:
    return Faceset.open(eight_faces)


def take_in(faceset: Faceset, folder: Path) -> dict[str, object]:
    return import_masks(faceset, folder, SilentReporter())


@pytest.mark.parametrize("kind", ["grey", "rgb", "rgba", "paint on nothing", "deep"])
def test_every_kind_of_png_is_read(faceset: Faceset, tmp_path: Path, kind: str) -> None:
    face = faceset.faces()[0]
    pictures = {
        "grey": half(),
        "rgb": np.dstack([half()] * 3),
        "rgba": np.dstack([half()] * 3 + [np.full((SIZE, SIZE), 255, np.uint8)]),
        # black paint on a transparent layer: what is not painted is seen
        "paint on nothing": np.dstack([np.zeros((SIZE, SIZE, 3), np.uint8), 255 - half()]),
        "deep": half(kind=np.uint16),
    }
    save(tmp_path / "paint" / face.path.name, pictures[kind])
    result = take_in(faceset, tmp_path / "paint")
    assert result == {"imported": 1, "scaled": 0, "unknown": [], "faceset": str(faceset.folder)}
    mask = mask_of(face)
    assert mask is not None
    np.testing.assert_array_equal(mask, half())
    assert cv2.imread(str(painted_file(face)), cv2.IMREAD_UNCHANGED).shape == (SIZE, SIZE), "stored in grey"
    assert mask_of(faceset.faces()[1]) is None


def test_another_size_is_scaled_and_strangers_are_told(faceset: Faceset, tmp_path: Path) -> None:
    faces = faceset.faces()
    save(tmp_path / "paint" / faces[0].path.name, half(2 * SIZE))
    save(tmp_path / "paint" / faces[1].path.name.replace(".png", ".PNG"), half(SIZE // 2))
    save(tmp_path / "paint" / "somebody.png", half())
    (tmp_path / "paint" / "notes.txt").write_text("x")
    result = take_in(faceset, tmp_path / "paint")
    assert (result["imported"], result["scaled"], result["unknown"]) == (2, 2, ["somebody.png"])
    for face in faces[:2]:
        mask = mask_of(face)
        assert mask is not None
        assert mask.shape == (SIZE, SIZE)
        assert mask[:, : SIZE // 2 - 1].max() == 0
        assert mask[:, SIZE // 2 + 1 :].min() == 255


@pytest.mark.parametrize("fault", ["wide", "cut", "empty"])
def test_one_bad_mask_keeps_all_out_and_is_named(faceset: Faceset, tmp_path: Path, fault: str) -> None:
    good, bad = (tmp_path / "paint" / face.path.name for face in faceset.faces()[:2])
    for file in (good, bad):
        save(file, half())
    if fault == "wide":
        save(bad, np.zeros((SIZE, SIZE + 8), np.uint8))
    else:
        bad.write_bytes(bad.read_bytes()[:-20] if fault == "cut" else b"")
    with pytest.raises(BackendError, match=bad.name):
        take_in(faceset, tmp_path / "paint")
    assert not (faceset.folder / "masks").exists()


def test_a_folder_without_masks_of_this_faceset_is_refused(faceset: Faceset, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a folder"):
        take_in(faceset, tmp_path / "nowhere")
    save(tmp_path / "paint" / "somebody.png", half())
    with pytest.raises(UsageError, match=faceset.faces()[0].path.name):
        take_in(faceset, tmp_path / "paint")


def test_paint_wins_over_prediction(faceset: Faceset, tmp_path: Path) -> None:
    face = faceset.faces()[0]
    write_predicted(face, np.full((SIZE, SIZE), 7, np.uint8))
    predicted = mask_of(face)
    assert predicted is not None
    assert (predicted == 7).all()
    save(tmp_path / "paint" / face.path.name, half())
    take_in(faceset, tmp_path / "paint")
    np.testing.assert_array_equal(mask_of(face), half())
    assert read_mask(predicted_file(face))[0, 0] == 7, "it is still there"


def test_masks_of_deleted_and_left_out_faces_are_taken_as_far_as_there_is_a_picture(
    faceset: Faceset, tmp_path: Path
) -> None:
    gone, out = faceset.faces()[:2]
    gone.path.unlink()
    with faceset.index() as index, index:
        index.execute("INSERT INTO left_out VALUES (?, ?)", (out.path.name, "blurred"))
    for face in (gone, out):
        save(tmp_path / "paint" / face.path.name, half())
    result = take_in(faceset, tmp_path / "paint")
    assert (result["imported"], result["unknown"]) == (1, [gone.path.name])


def test_how_much_of_the_face_is_covered(faceset: Faceset) -> None:
    face = faceset.faces()[0]
    points = face.crop_landmarks
    oval = part_mask((SIZE, SIZE), points, ["oval"])
    everything = np.full((SIZE, SIZE), 255, np.uint8)
    assert covered_share(everything, points) == 0
    assert covered_share(0 * everything, points) == pytest.approx(1)
    beside = np.where(oval > 0, 255, 0).astype(np.uint8)
    assert covered_share(beside, points) == 0, "what is beside the face does not count"
    expected = float(oval[:, : SIZE // 2].sum() / oval.sum())
    assert covered_share(half(), points) == pytest.approx(expected)
    assert occlusion(face, SIZE) == 0
    write_predicted(face, half(2 * SIZE))
    assert occlusion(face, SIZE) == pytest.approx(expected, abs=0.02)
