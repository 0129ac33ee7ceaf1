"""Facesets in memory, ready to be made into batches."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ml_backend.errors import UsageError
from ml_backend.faces.alignment import FACE, STORED_MARGIN, Framing
from ml_backend.faces.geometry import invert, sample
from ml_backend.faces.reframing import between
from ml_backend.faces.regions import eyes_and_mouth, face_mask
from ml_backend.facesets.masks import SEEN, fitted, mask_of
from ml_backend.facesets.store import Faceset, StoredFace, mean_embedding
from ml_backend.media.frame import Pixels

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
    """Read the faces of a faceset, scaled to what `resolution` needs and cut to what the framing needs.

    Interpolated faces are left out: their pictures show what nobody has looked at. Raises UsageError where there are
    too few.
    """
    faces = [face for face in faceset.stream() if not face.interpolated]
    if len(faces) < FEWEST_FACES:
        raise UsageError(
            f"The faceset {faceset.folder} has {len(faces)} faces, and training needs {FEWEST_FACES} at least.",
            "Extract more frames of this person.",
        )
    info = faceset.info
    stored = Framing(info.framing, info.framing_side, info.framing_down)
    wanted = Framing(FACE.name, min(framing_side * STORED_MARGIN, stored.side), FACE.down)
    span = wanted.side / framing_side
    size = round(min(info.size * wanted.side / stored.side, resolution * span * OVERSAMPLE))
    with ThreadPoolExecutor(4) as pool:
        planes = list(pool.map(lambda face: _planes(face, stored, wanted, size), faces))
    return TrainingFaces(torch.from_numpy(np.stack(planes)).to(device), span, mean_embedding(faces))


def _planes(face: StoredFace, stored: Framing, wanted: Framing, size: int) -> NDArray[np.uint8]:
    image = face.read_crop()
    side = image.shape[0]
    points = face.crop_landmarks
    masks = np.stack([face_mask((side, side), points), eyes_and_mouth((side, side), points)], 2)
    seen = mask_of(face)
    if seen is not None:  # what covers a face is not to be learned, nor to be paid for
        masks *= fitted(seen, side)[:, :, None] / np.float32(SEEN)
    if image.dtype == np.uint16:
        image = (image.astype(np.uint32) * 255 // 65535).astype(np.uint8)
    stored_masks = np.round(masks * 255).astype(np.uint8)
    parts: list[Pixels]
    if (wanted.side, wanted.down) == (stored.side, stored.down):
        parts = [_smaller(image, size), _smaller(stored_masks, size)]
    else:
        parts = _cut(image, stored_masks, between(stored, side, wanted, size), size)
    return np.ascontiguousarray(np.concatenate(parts, 2).transpose(2, 0, 1), np.uint8)


def _smaller(picture: Pixels, size: int) -> Pixels:
    return cast(Pixels, cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA))


def _cut(image: Pixels, masks: Pixels, matrix: NDArray[np.float64], size: int) -> list[Pixels]:
    """size×size×3 and size×size×2 of the stored crop; no face is masked in what lies outside of it."""
    to_stored = invert(matrix)
    picture = sample(image, to_stored, size)
    edge = image.shape[0] // 8  # wide enough to be black also where pixels are averaged
    padded = np.pad(masks, ((edge, edge), (edge, edge), (0, 0)))
    to_stored[:, 2] += edge
    return [picture, sample(padded, to_stored, size)]


def sample_indices(faces: Mapping[str, TrainingFaces], count: int, generator: torch.Generator) -> dict[str, Tensor]:
    """`count` random faces of each identity."""
    return {name: torch.randint(len(f.planes), (count,), generator=generator) for name, f in faces.items()}
