"""Facesets in memory, ready to be made into batches."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ml_backend.errors import UsageError
from ml_backend.faces.regions import eyes_and_mouth, face_mask
from ml_backend.facesets.store import Faceset, StoredFace, mean_embedding

FEWEST_FACES = 4
OVERSAMPLE = 1.25  # stored finer than the network's pixels, so that the warp does not soften them


@dataclass(frozen=True)
class TrainingFaces:
    """The faces of one identity on the training device.

    planes: N×5×S×S uint8: red, green, blue, the face's mask, eyes and mouth.
    span: the side of the stored crop as a multiple of the face crop's.
    """

    planes: Tensor
    span: float
    embedding: NDArray[np.float32]


def load_faces(faceset: Faceset, resolution: int, framing_side: float, device: torch.device) -> TrainingFaces:
    """Read every face of a faceset, scaled to what `resolution` needs. Raises UsageError where there are too few."""
    faces = faceset.faces()
    if len(faces) < FEWEST_FACES:
        raise UsageError(
            f"The faceset {faceset.folder} has {len(faces)} faces, and training needs {FEWEST_FACES} at least.",
            "Extract more frames of this person.",
        )
    span = faceset.info.framing_side / framing_side
    size = min(faceset.info.size, round(resolution * span * OVERSAMPLE))
    with ThreadPoolExecutor(4) as pool:
        planes = list(pool.map(lambda face: _planes(face, size), faces))
    return TrainingFaces(torch.from_numpy(np.stack(planes)).to(device), span, mean_embedding(faces))


def _planes(face: StoredFace, size: int) -> NDArray[np.uint8]:
    image = face.read_crop()
    stored = image.shape[0]
    points = face.crop_landmarks
    masks = np.stack([face_mask((stored, stored), points), eyes_and_mouth((stored, stored), points)], 2)
    if image.dtype == np.uint16:
        image = (image.astype(np.uint32) * 255 // 65535).astype(np.uint8)
    small = cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA)
    small_masks = cv2.resize(masks, (size, size), interpolation=cv2.INTER_AREA)
    joined = np.concatenate([small, np.round(small_masks * 255).astype(np.uint8)], 2)
    return np.ascontiguousarray(joined.transpose(2, 0, 1))


def sample_indices(faces: Mapping[str, TrainingFaces], count: int, generator: torch.Generator) -> dict[str, Tensor]:
    """`count` random faces of each identity."""
    return {name: torch.randint(len(f.planes), (count,), generator=generator) for name, f in faces.items()}
