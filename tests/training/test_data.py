"""Facesets in memory: every face with its masks, at the size that the network needs."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from ml_backend.errors import UsageError
from ml_backend.faces.alignment import FACE, STORED_MARGIN
from ml_backend.faces.canonical import head_pose
from ml_backend.faces.slipping import UNSURE
from ml_backend.facesets.masks import write_predicted
from ml_backend.facesets.store import Faceset, mean_embedding
from ml_backend.media.write import read_picture, write_rgb
from ml_backend.training.data import load_faces

CPU = torch.device("cpu")


def test_planes_are_the_faces_with_their_masks(facesets: dict[str, Path]) -> None:
    faceset = Faceset.open(facesets["identity_B"])
    faces = load_faces(faceset, 32, FACE.side, CPU)
    side = round(32 * STORED_MARGIN * 1.25)
    assert faces.planes.shape == (8, 5, side, side)
    assert faces.planes.dtype == torch.uint8
    assert faces.span == pytest.approx(STORED_MARGIN)
    assert faces.embedding.shape == (128,)
    stored = cv2.resize(faceset.faces()[0].read_crop(), (side, side), interpolation=cv2.INTER_AREA)
    assert np.array_equal(faces.planes[0, :3].permute(1, 2, 0).numpy(), stored)
    mask, features = faces.planes[:, 3].float() / 255, faces.planes[:, 4].float() / 255
    middle, corner = mask[:, side // 2, side // 2], mask[:, 0, 0]
    assert (middle == 1).all()
    assert (corner == 0).all()
    assert 0 < features.mean() < 0.3 * mask.mean()
    assert (features <= mask + 0.3).all(), "eyes and mouth lie on the face"


def test_a_crop_is_never_enlarged(facesets: dict[str, Path]) -> None:
    assert load_faces(Faceset.open(facesets["identity_B"]), 256, FACE.side, CPU).planes.shape[2:] == (96, 96)


def test_deep_crops_are_read_as_8_bit_ones(facesets: dict[str, Path], tmp_path: Path) -> None:
    deep = tmp_path / "deep"
    shutil.copytree(facesets["identity_B"], deep)
    for picture in (deep / "faces").iterdir():
        write_rgb(picture, read_picture(picture).astype(np.uint16) * 257)
    planes = [load_faces(Faceset.open(folder), 32, FACE.side, CPU).planes for folder in (facesets["identity_B"], deep)]
    assert torch.equal(*planes)


def test_deleted_pictures_are_not_trained(facesets: dict[str, Path], tmp_path: Path) -> None:
    fewer = tmp_path / "fewer"
    shutil.copytree(facesets["identity_B"], fewer)
    pictures = sorted((fewer / "faces").iterdir())
    pictures[0].unlink()
    whole = load_faces(Faceset.open(facesets["identity_B"]), 32, FACE.side, CPU).planes
    assert torch.equal(load_faces(Faceset.open(fewer), 32, FACE.side, CPU).planes, whole[1:])
    for picture in pictures[1:5]:
        picture.unlink()
    with pytest.raises(UsageError, match="3 faces"):
        load_faces(Faceset.open(fewer), 32, FACE.side, CPU)


def test_what_covers_a_face_is_not_trained(facesets: dict[str, Path], tmp_path: Path) -> None:
    covered = Path(shutil.copytree(facesets["identity_B"], tmp_path / "covered"))
    mask = np.full((96, 96), 255, np.uint8)
    mask[:, :48] = 0
    write_predicted(Faceset.open(covered).faces()[2], mask)
    plain, masked = (
        load_faces(Faceset.open(folder), 32, FACE.side, CPU).planes for folder in (facesets["identity_B"], covered)
    )
    side = plain.shape[-1]
    assert torch.equal(plain[:, :3], masked[:, :3]), "the picture stays"
    assert not masked[2, 3:, :, : side // 2 - 1].any()
    assert torch.equal(masked[2, 3:, :, side // 2 + 1 :], plain[2, 3:, :, side // 2 + 1 :])
    others = [0, 1, 3, 4, 5, 6, 7]
    assert torch.equal(masked[others], plain[others])


def test_interpolated_faces_are_not_trained(facesets: dict[str, Path], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(facesets["identity_B"], tmp_path / "gaps"))
    names = [face.path.name for face in Faceset.open(folder).faces()]
    with Faceset.open(folder).index() as index, index:
        index.execute("UPDATE face SET interpolated = 1 WHERE file IN (?, ?)", (names[1], names[4]))
    whole = load_faces(Faceset.open(facesets["identity_B"]), 32, FACE.side, CPU).planes
    assert torch.equal(load_faces(Faceset.open(folder), 32, FACE.side, CPU).planes, whole[[0, 2, 3, 5, 6, 7]])


def test_faces_that_the_landmarks_slipped_off_are_not_trained(facesets: dict[str, Path], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(facesets["identity_B"], tmp_path / "turned"))
    names = [face.path.name for face in Faceset.open(folder).faces()]
    with Faceset.open(folder).index() as index, index:
        index.execute("UPDATE face SET score = ? WHERE file IN (?, ?)", (UNSURE, names[1], names[4]))
        index.execute("UPDATE face SET repaired = 1 WHERE file = ?", (names[4],))
    whole = load_faces(Faceset.open(facesets["identity_B"]), 32, FACE.side, CPU).planes
    assert torch.equal(load_faces(Faceset.open(folder), 32, FACE.side, CPU).planes, whole[[0, 2, 3, 4, 5, 6, 7]])


def test_a_larger_stored_framing_is_cut_to_what_training_needs(facesets: dict[str, Path], tmp_path: Path) -> None:
    """The same faces stored with twice the surroundings, and lower: the same planes, in the same memory."""
    near = Faceset.open(facesets["identity_B"])
    wide = Path(shutil.copytree(near.folder, tmp_path / "wide"))
    size, factor, down = near.info.size, 2.0, 0.3
    info = json.loads((wide / "faceset.json").read_text())
    (wide / "faceset.json").write_text(
        json.dumps(
            info
            | {"size": 2 * size, "framing": "head", "framing_side": info["framing_side"] * factor, "framing_down": down}
        )
    )
    # the wide crop's pixels are as fine as the near one's; its middle lies lower by `down` eye distances
    lift = down * size / info["framing_side"]
    to_wide = np.array([[1, 0, size / 2], [0, 1, size / 2 - lift]])
    with Faceset.open(wide).index() as index, index:
        for face in near.faces():
            crop = cv2.warpAffine(face.read_crop(), to_wide, (2 * size, 2 * size), flags=cv2.INTER_CUBIC)
            write_rgb(wide / "faces" / face.path.name, crop)
            moved = face.matrix.copy()
            moved[:, 2] += to_wide[:, 2]
            row = (moved.astype("<f8").tobytes(), face.path.name)
            index.execute("UPDATE face SET matrix = ? WHERE file = ?", row)
    expected, cut = (load_faces(Faceset.open(folder), 32, FACE.side, CPU) for folder in (near.folder, wide))
    assert cut.planes.shape == expected.planes.shape
    assert cut.span == pytest.approx(STORED_MARGIN)
    inside = np.s_[:, :, 2:-2, 2:-2]  # at the border the wide crop has its own surroundings
    difference = (cut.planes[inside].float() - expected.planes[inside].float()).abs()
    assert difference.mean() < 2.5
    places = torch.arange(cut.planes.shape[-1], dtype=torch.float32)
    for axis in (1, 2):  # not even a part of a pixel beside
        middles = [
            (f.planes[:, 3].float().sum(axis) * places).sum(1) / f.planes[:, 3].sum((1, 2)) for f in (cut, expected)
        ]
        torch.testing.assert_close(*middles, rtol=0, atol=0.1)


def test_every_face_has_its_pose_and_its_place(facesets: dict[str, Path]) -> None:
    faceset = Faceset.open(facesets["identity_B"])
    faces, stored = load_faces(faceset, 32, FACE.side, CPU), faceset.faces()
    assert faces.poses is not None
    assert faces.places is not None
    assert np.array_equal(faces.poses, [head_pose(face.landmarks)[:2] for face in stored])
    assert np.array_equal(faces.places, [(0, face.track, face.frame) for face in stored])
    assert np.array_equal(faces.embedding, mean_embedding(stored))


def test_a_subset_shares_the_planes(facesets: dict[str, Path]) -> None:
    faces = load_faces(Faceset.open(facesets["identity_B"]), 32, FACE.side, CPU)
    few = faces.subset(torch.tensor([6, 1, 3])).subset(torch.tensor([2, 0]))
    assert len(few) == 2
    assert few.planes is faces.planes
    assert few.places is not None
    assert few.places[:, 2].tolist() == [4, 7], "frames count from 1"
    assert torch.equal(few.take(torch.tensor([1, 0, 1])), faces.planes[[6, 3, 6]])
