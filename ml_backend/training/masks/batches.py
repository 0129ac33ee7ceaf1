"""Batches for a mask model: faces moved, covered, relit, blurred and made noisy at random."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .faces import MaskFaces
from .occluders import Picture, cover, streak
from .settings import MaskSettings
from .shapes import Random


@dataclass(frozen=True)
class MaskBatch:
    """What the network is shown, and what is known of it.

    input: N×3×R×R in 0–1. plain: the same faces with nothing drawn over them nor otherwise changed, N×3×R×R. seen:
    where the face is seen (as far as it is painted). drawn: where something was drawn over it. oval: how much it
    counts, 1 on the face, seen or not, 0 away from it. These three N×1×R×R in 0–1.
    """

    input: Tensor
    plain: Tensor
    seen: Tensor
    drawn: Tensor
    oval: Tensor


def make_batch(faces: MaskFaces, count: int, size: int, s: MaskSettings, random: Random) -> MaskBatch:
    """`count` random faces of R=`size` pixels; the same chance gives the same batch."""
    chosen = random.integers(len(faces), size=count)
    rows = [_example(faces, int(index), size, s, random) for index in chosen]
    return MaskBatch(*(_tensor(np.stack(part)) for part in zip(*rows, strict=True)))


def _tensor(pictures: NDArray[np.float32]) -> Tensor:
    """N×R×R×C to N×C×R×R."""
    return torch.from_numpy(np.ascontiguousarray(pictures.transpose(0, 3, 1, 2)))


def view(faces: MaskFaces, size: int) -> MaskBatch:
    """Every face as it is, R=`size` pixels: for measuring and for previews."""
    none = MaskSettings(rotate=0, scale=0, shift=0, flip=False)
    matrix = _matrix(faces, size, none, np.random.default_rng(0))
    moved = [_moved(faces.planes[index], matrix, size) for index in range(len(faces))]
    stacked = _tensor(np.stack(moved))
    picture, seen, oval = stacked[:, :3], stacked[:, 3:4], stacked[:, 4:5]
    return MaskBatch(picture, picture, seen, torch.zeros_like(seen), oval)


def _example(
    faces: MaskFaces, index: int, size: int, s: MaskSettings, random: Random
) -> tuple[NDArray[np.float32], ...]:
    moved = _moved(faces.planes[index], _matrix(faces, size, s, random), size)
    plain, seen, oval = moved[:, :, :3], moved[:, :, 3], moved[:, :, 4]

    def another() -> Picture:
        other = faces.planes[int(random.integers(len(faces)))]
        return np.asarray(cv2.resize(np.ascontiguousarray(other[:, :, :3]), (size, size)) / 255, np.float32)

    given, drawn = plain, np.zeros_like(seen)
    if random.random() < s.occluders:
        given, drawn = cover(plain, oval, another, random)
    given = _filmed(given, size, s, random)
    return given, plain, seen[..., None] * (1 - drawn[..., None]), drawn[..., None], oval[..., None]


def _matrix(faces: MaskFaces, size: int, s: MaskSettings, random: Random) -> NDArray[np.float64]:
    """2×3, from the stored planes' pixels to those of a randomly moved view."""
    stored = faces.planes.shape[1]
    angle = math.radians(random.uniform(-s.rotate, s.rotate))
    scale = size / stored * faces.span * math.exp(random.uniform(-1, 1) * math.log1p(s.scale))
    mirror = -1.0 if s.flip and random.random() < 0.5 else 1.0
    cos, sin = scale * math.cos(angle), scale * math.sin(angle)
    linear = np.array([[cos * mirror, -sin], [sin * mirror, cos]])
    centre = np.full(2, (stored - 1) / 2)
    return np.column_stack([linear, (size - 1) / 2 + random.uniform(-s.shift, s.shift, 2) * size - linear @ centre])


def _moved(planes: NDArray[np.uint8], matrix: NDArray[np.float64], size: int) -> NDArray[np.float32]:
    # OpenCV moves four channels at a time
    parts = [
        cv2.warpAffine(np.ascontiguousarray(part), matrix, (size, size), borderMode=cv2.BORDER_REFLECT_101)
        for part in (planes[:, :, :3], planes[:, :, 3:])
    ]
    return np.asarray(np.concatenate(parts, 2) / 255, np.float32)


def _filmed(picture: Picture, size: int, s: MaskSettings, random: Random) -> Picture:
    """In other light, out of focus or moving, coarse, with the noise of a camera."""
    c = s.colour
    gain = np.exp(random.uniform(-c, c) + random.uniform(-c, c, 3) / 3).astype(np.float32)
    middle = float(picture.mean())
    lit = (picture * gain - middle) * (1 + random.uniform(-c, c) / 2) + middle
    lit = np.clip(lit, 1e-4, 1) ** np.float32(math.exp(random.uniform(-c, c)))
    kind = random.random() if s.blur else 1.0
    if kind < 0.3:
        lit = cv2.GaussianBlur(lit, (0, 0), max(0.2, random.uniform(0, s.blur) * size))
    elif kind < 0.45:
        lit = streak(np.asarray(lit, np.float32), random.uniform(0, 2 * s.blur) * size, random)
    elif kind < 0.6:
        small = max(16, round(size * random.uniform(0.5, 1)))
        lit = cv2.resize(cv2.resize(lit, (small, small), interpolation=cv2.INTER_AREA), (size, size))
    if random.random() < 0.5:
        lit = lit + random.standard_normal(lit.shape, np.float32) * np.float32(random.uniform(0, s.noise))
    return np.asarray(np.clip(lit, 0, 1), np.float32)
