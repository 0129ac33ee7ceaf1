"""Facesets in memory: every face with its masks, at the size that the network needs."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from ml_backend.errors import UsageError
from ml_backend.faces.alignment import FACE, STORED_MARGIN
from ml_backend.facesets.store import Faceset
from ml_backend.media.write import read_picture, write_rgb
from ml_backend.training.data import load_faces, sample_indices

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


def test_sampling_reaches_every_face(facesets: dict[str, Path]) -> None:
    faces = {name: load_faces(Faceset.open(folder), 32, FACE.side, CPU) for name, folder in facesets.items()}
    chosen = sample_indices(faces, 200, torch.Generator().manual_seed(1))
    assert {name: set(indices.tolist()) for name, indices in chosen.items()} == {name: set(range(8)) for name in faces}
