"""Facesets in memory for the training of a mask model."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.errors import UsageError
from ml_backend.faces.alignment import FACE, Framing
from ml_backend.faces.geometry import invert, sample
from ml_backend.faces.reframing import between
from ml_backend.faces.regions import LEFT_EYE_CORNER, RIGHT_EYE_CORNER, face_mask
from ml_backend.facesets.masks import SEEN, fitted, painted_file, read_mask
from ml_backend.facesets.store import Faceset, StoredFace

VIEW = FACE.with_margin(1.25)  # what the network sees: a hand tells itself by the arm that it comes from
OVERSAMPLE = 1.25
RIM = 0.15  # of the distance of the eye corners: how far around the face a mask counts
MOST_UNPAINTED = 1000  # of all facesets together, spread evenly over them: more teach nothing new and fill the memory


@dataclass(frozen=True)
class MaskFaces:
    """Faces to learn from.

    planes: N×S×S×5 uint8: red, green, blue, where the face is seen (255), and its oval (255, half of it around).
    names: FACESET/NAME of each. span: the side of the planes' framing as a multiple of the network's view.
    """

    planes: NDArray[np.uint8]
    names: tuple[str, ...]
    span: float

    def __len__(self) -> int:
        return len(self.planes)

    def part(self, chosen: NDArray[np.bool_]) -> "MaskFaces":
        names = tuple(name for name, take in zip(self.names, chosen, strict=True) if take)
        return MaskFaces(self.planes[chosen], names, self.span)


def load_mask_faces(facesets: Sequence[Faceset], size: int) -> tuple[MaskFaces, MaskFaces]:
    """The painted and the unpainted faces of all facesets, for a network of `size` pixels.

    Interpolated faces count as painted only where an artist painted them. Raises UsageError for facesets whose crops
    show less than the face, BackendError for damaged pictures.
    """
    span = min(faceset.info.framing_side / VIEW.side for faceset in facesets)
    wanted = Framing(VIEW.name, VIEW.side * min(span, 1.4 * FACE.side / VIEW.side), VIEW.down)
    side = round(size * wanted.side / VIEW.side * OVERSAMPLE)
    painted: list[tuple[Faceset, StoredFace]] = []
    unpainted: list[tuple[Faceset, StoredFace]] = []
    for faceset in facesets:
        if faceset.info.framing_side < FACE.side:
            raise UsageError(
                f"The crops of {faceset.folder} show less than the face.", "Extract the face in the framing face."
            )
        for face in faceset.stream():
            if painted_file(face).is_file():
                painted.append((faceset, face))
            elif not face.interpolated:
                unpainted.append((faceset, face))
    chosen = np.linspace(0, len(unpainted) - 1, min(len(unpainted), MOST_UNPAINTED)).round().astype(int)
    return (
        _load(painted, wanted, side, True),
        _load([unpainted[n] for n in chosen], wanted, side, False),
    )


def _load(faces: Sequence[tuple[Faceset, StoredFace]], wanted: Framing, side: int, painted: bool) -> MaskFaces:
    with ThreadPoolExecutor(4) as pool:
        planes = list(pool.map(lambda one: _planes(one[0], one[1], wanted, side, painted), faces))
    stacked = np.stack(planes) if planes else np.zeros((0, side, side, 5), np.uint8)
    names = tuple(f"{faceset.folder.name}/{face.path.name}" for faceset, face in faces)
    return MaskFaces(stacked, names, wanted.side / VIEW.side)


def _planes(faceset: Faceset, face: StoredFace, wanted: Framing, side: int, painted: bool) -> NDArray[np.uint8]:
    info = faceset.info
    image = face.read_crop()
    if image.dtype == np.uint16:
        image = (image.astype(np.uint32) * 255 // 65535).astype(np.uint8)
    stored = image.shape[0]
    seen = fitted(read_mask(painted_file(face)), stored) if painted else np.full((stored, stored), SEEN, np.uint8)
    oval = np.round(_oval(stored, face.crop_landmarks) * 255).astype(np.uint8)
    to_stored = invert(between(Framing(info.framing, info.framing_side, info.framing_down), stored, wanted, side))
    picture = sample(image, to_stored, side, cv2.INTER_CUBIC)
    masks = sample(np.dstack([seen, oval, oval]), to_stored, side)
    return np.concatenate([picture, masks[:, :, :2]], 2).astype(np.uint8)


def _oval(side: int, landmarks: NDArray[np.float64]) -> NDArray[np.float32]:
    """How much each pixel counts: 1 on the face, half of it in a rim around, 0 beyond.

    In the rim the edge of a swap fades out, and what covers the face there must not be touched either.
    """
    oval = face_mask((side, side), landmarks)
    reach = 2 * max(1, round(RIM * float(np.linalg.norm(landmarks[RIGHT_EYE_CORNER] - landmarks[LEFT_EYE_CORNER])))) + 1
    rim = cv2.dilate(oval, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
    return np.asarray(np.maximum(oval, rim / 2), np.float32)
