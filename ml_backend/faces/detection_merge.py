"""What the detector found in several looks at one picture, made one list of faces."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SAME = 0.3  # intersection over union from which two candidates are one face
NESTED = 0.7  # part of the smaller one that lies in the larger one from which it is a part of it
LEVEL = 0.3  # added to how level a face is seen, so that profiles, whose eyes are near each other, count too


@dataclass(frozen=True)
class Detection:
    """A face as the detector sees it: box x0, y0, x1, y1; five points, the eyes first; score 0–1."""

    box: NDArray[np.float64]
    points: NDArray[np.float64]
    score: float


def merge_overlapping(
    boxes: NDArray[np.float64],
    points: NDArray[np.float64],
    scores: NDArray[np.float64],
    same: float = SAME,
    nested: float = NESTED,
) -> list[Detection]:
    """Candidates N×4, N×P×2, N that overlap by more than `same` become their score-weighted mean.

    The mean is steadier from frame to frame than the best candidate. A candidate that lies mostly (`nested`)
    inside a better one is dropped.
    """
    order, found = np.argsort(-scores, kind="stable"), []
    while len(order):
        union, inner = _overlap(boxes[order[0]], boxes[order])
        union[0] = 1  # itself, even where the box is too small to have an area
        alike = order[union > same]
        weights = scores[alike] / scores[alike].sum()
        found.append(
            Detection(weights @ boxes[alike], np.einsum("n,npc->pc", weights, points[alike]), float(scores[order[0]]))
        )
        order = order[(union <= same) & (inner <= nested)]
    return found


def merge_looks(looks: Sequence[tuple[int, Sequence[Detection]]]) -> list[Detection]:
    """The faces, best first, of looks at several scales and turns: (quarters, as np.rot90 counts them; faces).

    Of one face the best look is kept and not their mean. The best one is not that of the highest score alone: a look
    that sees a face lying or upside down may be sure of it, but takes its eyes for too near or its chin for its brow.
    Of a face in a face the larger one is kept, unless it is hardly seen: what a fine look takes for a small face is
    more often a part of a large one.
    """
    ranked = [(face.score * (LEVEL + _level(face, quarters)), face) for quarters, found in looks for face in found]
    faces = [face for _, face in sorted(ranked, key=lambda pair: -pair[0])]
    if not faces:
        return []
    boxes = np.stack([face.box for face in faces])
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    kept: list[int] = []
    for index in range(len(faces)):
        if not kept or _overlap(boxes[index], boxes[kept])[0].max() <= SAME:
            kept.append(index)
    dropped: set[int] = set()
    for a in sorted(kept, key=lambda index: -areas[index]):
        if a in dropped:
            continue
        inside = _overlap(boxes[a], boxes[kept])[1] > NESTED
        parts = [b for b, lies in zip(kept, inside, strict=True) if lies and b != a and b not in dropped]
        if any(faces[b].score > 2 * faces[a].score for b in parts):
            dropped.add(a)
        else:
            dropped.update(parts)
    return sorted((faces[index] for index in kept if index not in dropped), key=lambda face: -face.score)


def _level(face: Detection, quarters: int) -> float:
    """How far the eyes are apart along the canvas on which the face was found, as a part of the face's side."""
    dx, dy = face.points[1] - face.points[0]
    along = (dx, dy, -dx, -dy)[quarters]
    return float(along / max((face.box[2:] - face.box[:2]).max(), 1e-9))


def _overlap(box: NDArray[np.float64], boxes: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Intersection over union, and over the smaller area, of one box with many."""
    low, high = np.maximum(box[:2], boxes[:, :2]), np.minimum(box[2:], boxes[:, 2:])
    inside = np.prod(np.maximum(high - low, 0), axis=1)
    area, areas = np.prod(box[2:] - box[:2]), np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    return inside / np.maximum(area + areas - inside, 1e-9), inside / np.maximum(np.minimum(area, areas), 1e-9)
