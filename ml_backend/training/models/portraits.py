"""Portraits: some of an identity's own faces, which stay with the model and give a swap its fine detail.

MODEL/portraits/NAME.safetensors holds them as they were filmed. They are pictures of the person, so whoever has the
model has them: they fall under the same record of consent, and an exported model carries those of its identities.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from torch import Tensor

from ml_backend import atomic
from ml_backend.errors import BackendError, UsageError
from ml_backend.faces.alignment import FACE, Framing
from ml_backend.faces.geometry import invert, sample, transform
from ml_backend.faces.reframing import between
from ml_backend.faces.regions import eye_distance
from ml_backend.faces.sharpness import sharpness
from ml_backend.facesets.even import farthest_first
from ml_backend.facesets.masks import occlusion
from ml_backend.facesets.store import Faceset, StoredFace
from ml_backend.training.data.known import know, seen_faces
from ml_backend.training.weights_file import write_tensors

from .swap_file import PORTRAITS

FOLDER = "portraits"
CHOICE = 2  # how they are chosen: those of another way are chosen anew
MOST = 80
LARGEST = 384  # pixels: side of a portrait
LOOKED_AT = 2000  # faces that the portraits are chosen from
COVERED = 0.02  # part of a face that may be covered
SPARE = 1.5  # times as many are looked at as there shall be, since some are blurred
SOFT = 0.6  # of the usual sharpness of the faces that are looked at: what is softer has no detail to give


@dataclass(frozen=True)
class Portraits:
    """N faces in the framing that training uses.

    pictures: N×S×S×3 uint8 RGB. points: N×478×3 float32 landmarks in parts of the side, (0, 0) its upper left corner.
    """

    pictures: NDArray[np.uint8]
    points: NDArray[np.float32]

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.pictures.tobytes() + self.points.tobytes()).hexdigest()

    def tensors(self) -> dict[str, Tensor]:
        return {"pictures": torch.from_numpy(self.pictures), "points": torch.from_numpy(self.points)}

    @classmethod
    def of(cls, tensors: dict[str, Tensor]) -> "Portraits":
        """Raises ValueError for tensors of other shapes or types, KeyError where one is missing."""
        pictures, points = tensors["pictures"].numpy(), tensors["points"].numpy()
        n, side = pictures.shape[:2]
        fit = pictures.shape == (n, side, side, 3) and pictures.dtype == np.uint8 and points.shape == (n, 478, 3)
        if not (n and fit and np.isfinite(points).all()):
            raise ValueError(f"pictures {pictures.shape} with points {points.shape} are no portraits")
        return cls(pictures, points.astype(np.float32))


def portraits_file(model: Path, identity: str) -> Path:
    return model / FOLDER / f"{identity}.safetensors"


def choose_portraits(faceset: Faceset) -> Portraits:
    """Faces of a faceset that differ as much as possible in pose and expression, are sharp, and that nothing covers.

    The first one is the most ordinary face, each further one that which is least like those chosen before it.
    """
    info = faceset.info
    side = min(LARGEST, round(info.size * FACE.side / info.framing_side))
    to_face = between(Framing(info.framing, info.framing_side, info.framing_down), info.size, FACE, side)
    every = -(-len(faceset.pictures()) // LOOKED_AT) or 1  # a large faceset's landmarks would fill the memory
    faces = list(islice(seen_faces(faceset), 0, None, every))
    uncovered = [face for face in faces if occlusion(face, info.size) <= COVERED] or faces
    points = np.stack([_points(face, to_face, side) for face in uncovered])
    shapes = points[:, :, :2].reshape(len(points), -1)
    looked_at, unlike = farthest_first(shapes, None, min(round(MOST * SPARE), len(shapes)))
    looked_at = looked_at[(unlike > 0) | (np.arange(len(looked_at)) == 0)]  # the others are the same again
    pictures = np.stack([_picture(uncovered[n], to_face, side) for n in looked_at])
    sharp = [_sharpness(picture, points[n]) for picture, n in zip(pictures, looked_at, strict=True)]
    kept = np.flatnonzero(np.array(sharp) >= SOFT * np.median(sharp))[:MOST]
    kept = kept[np.argsort(looked_at[kept])]
    return Portraits(pictures[kept], points[looked_at[kept]])


def keep_portraits(model: Path, identity: str, faceset: Faceset) -> None:
    """Write the portraits of an identity into its model's folder, unless those of the same faces are there.

    Raises UsageError where the folder cannot be written, BackendError where a picture of the faceset is damaged.
    """
    key, file = f"{know(faceset).key} {CHOICE}", portraits_file(model, identity)
    if _key(file) == key:
        return
    try:
        write_portraits(file, choose_portraits(faceset), key)
    except OSError as error:
        raise UsageError(
            f"{file} cannot be written: {error.strerror or error}.", "Choose a model folder that can be written."
        ) from error


def _key(file: Path) -> str | None:
    try:
        with safe_open(file, "pt") as opened:
            return (opened.metadata() or {}).get("faces")
    except (OSError, SafetensorError):
        return None


def write_portraits(file: Path, portraits: Portraits, faces: str) -> None:
    """faces: what tells the faces that they were chosen from. Raises OSError where the file cannot be written."""
    with atomic.new_file(file) as part:
        write_tensors(part, portraits.tensors(), {"faces": faces})


def read_portraits(model: Path, identity: str) -> Portraits | None:
    """Those of an identity in a model's folder or an exported file; None where it has none.

    Raises BackendError where they are damaged.
    """
    file, prefix = (model, f"{PORTRAITS}{identity}.") if model.is_file() else (portraits_file(model, identity), "")
    if not file.is_file():
        return None
    try:
        with safe_open(file, "pt") as opened:
            if f"{prefix}pictures" not in opened.keys():  # noqa: SIM118
                return None
            return Portraits.of({part: opened.get_tensor(prefix + part) for part in ("pictures", "points")})
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        fix = "Copy or export it again." if prefix else "Delete it: the next training of the model writes it again."
        raise BackendError(f"{file} is damaged: {error}.", fix) from error


def _points(face: StoredFace, to_face: NDArray[np.float64], side: int) -> NDArray[np.float32]:
    across = transform(face.crop_landmarks, to_face) + 0.5
    scale = np.sqrt(abs(np.linalg.det(face.matrix[:, :2]) * np.linalg.det(to_face[:, :2])))
    return np.asarray(np.column_stack([across, face.landmarks[:, 2] * scale]) / side, np.float32)


def _sharpness(picture: NDArray[np.uint8], points: NDArray[np.float32]) -> float:
    """In the portrait's own pixels: a small face that was enlarged has no detail to give either."""
    there = points.astype(np.float64) * picture.shape[0]
    return sharpness(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32), there[:, :2], eye_distance(there))


def _picture(face: StoredFace, to_face: NDArray[np.float64], side: int) -> NDArray[np.uint8]:
    picture = sample(face.read_crop(), invert(to_face), side, cv2.INTER_CUBIC)
    return np.asarray(picture if picture.dtype == np.uint8 else np.round(picture / 257), np.uint8)
