"""A stored face as the planes that training needs."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.faces.alignment import FACE, STORED_MARGIN, Framing
from ml_backend.faces.geometry import invert, sample
from ml_backend.faces.reframing import between
from ml_backend.faces.regions import eyes_and_mouth, face_mask
from ml_backend.facesets.masks import SEEN, fitted, mask_of
from ml_backend.facesets.store import FacesetInfo, StoredFace
from ml_backend.media.frame import Pixels

from .lids import draw_lids

OVERSAMPLE = 1.25  # stored finer than the network's pixels, so that the warp does not soften them
_THREADS = 4
_AHEAD = 32  # faces that are decoded at a time: all that is in memory besides the result


@dataclass(frozen=True)
class Cut:
    """What becomes of stored crops. stored, wanted: their framing and that of the planes. size: S, the planes' side.
    span: the planes' side as a multiple of the face crop's."""

    stored: Framing
    wanted: Framing
    size: int
    span: float


def make_cut(info: FacesetInfo, resolution: int, framing_side: float) -> Cut:
    """Scaled to what `resolution` needs, never enlarged, and cut to what the framing needs."""
    stored = Framing(info.framing, info.framing_side, info.framing_down)
    wanted = Framing(FACE.name, min(framing_side * STORED_MARGIN, stored.side), FACE.down)
    span = wanted.side / framing_side
    size = round(min(info.size * wanted.side / stored.side, resolution * span * OVERSAMPLE))
    return Cut(stored, wanted, size, span)


def decode(faces: Iterable[tuple[StoredFace, float]], cut: Cut) -> Iterator[NDArray[np.uint8]]:
    """K×5×S×S at a time, in order; each face comes with how far its lids are to be drawn, 0 for as they are."""
    faces = iter(faces)
    with ThreadPoolExecutor(_THREADS) as pool:
        while some := list(islice(faces, _AHEAD)):
            yield np.stack(list(pool.map(lambda one: planes_of(one[0], cut, one[1]), some)))


def planes_of(face: StoredFace, cut: Cut, closed: float = 0.0) -> NDArray[np.uint8]:
    """5×S×S: red, green, blue, the face's mask, eyes and mouth. Reads the picture and the mask of the face.

    closed: how far its lids are drawn, see `lids`.
    """
    image = face.read_crop()
    side = image.shape[0]
    points = face.crop_landmarks
    masks = np.stack([face_mask((side, side), points), eyes_and_mouth((side, side), points)], 2)
    seen = mask_of(face)
    if seen is not None:  # what covers a face is not to be learned, nor to be paid for
        masks *= fitted(seen, side)[:, :, None] / np.float32(SEEN)
    if image.dtype == np.uint16:
        image = (image.astype(np.uint32) * 255 // 65535).astype(np.uint8)
    if closed > 0:
        image = draw_lids(image, points, closed)
    stored_masks = np.round(masks * 255).astype(np.uint8)
    parts: list[Pixels]
    if (cut.wanted.side, cut.wanted.down) == (cut.stored.side, cut.stored.down):
        parts = [_smaller(image, cut.size), _smaller(stored_masks, cut.size)]
    else:
        parts = _cut_out(image, stored_masks, between(cut.stored, side, cut.wanted, cut.size), cut.size)
    return np.ascontiguousarray(np.concatenate(parts, 2).transpose(2, 0, 1), np.uint8)


def _smaller(picture: Pixels, size: int) -> Pixels:
    return cast(Pixels, cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA))


def _cut_out(image: Pixels, masks: Pixels, matrix: NDArray[np.float64], size: int) -> list[Pixels]:
    """size×size×3 and size×size×2 of the stored crop; no face is masked in what lies outside of it."""
    to_stored = invert(matrix)
    picture = sample(image, to_stored, size)
    edge = image.shape[0] // 8  # wide enough to be black also where pixels are averaged
    padded = np.pad(masks, ((edge, edge), (edge, edge), (0, 0)))
    to_stored[:, 2] += edge
    return [picture, sample(padded, to_stored, size)]
