"""Boxes x0, y0, x1, y1 in pixels."""

from collections.abc import Sequence

NEAR = 1.2  # a point out of a box by so much of its half sides still means its face: boxes end at brows and chin


def outness(box: Sequence[float], x: float, y: float) -> float:
    """How far a point is from a box's middle: 0 there, 1 at its edges, more outside."""
    half = (max((box[2] - box[0]) / 2, 1e-9), max((box[3] - box[1]) / 2, 1e-9))
    return max(abs(x - (box[0] + box[2]) / 2) / half[0], abs(y - (box[1] + box[3]) / 2) / half[1])


def overlap(a: Sequence[float], b: Sequence[float]) -> float:
    """What two boxes share, as a part of what they cover together, 0–1."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(width, 0.0) * max(height, 0.0)
    both = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
    return float(shared / both) if both > 0 else 0.0
