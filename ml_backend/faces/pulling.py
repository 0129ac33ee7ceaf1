"""Move some points of a face by hand; the others follow."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from .canonical import canonical_mesh

REACH = 0.75  # distances of the outer eye corners: what is further from all moved points stays


def pull(landmarks: NDArray[np.float64], points: Mapping[int, tuple[float, float]]) -> NDArray[np.float64]:
    """478×3 landmarks with some mesh points (by index, in pixels) exactly in new places; z stays.

    The others are shifted smoothly, by how near they are on the canonical face, where a turned head has its usual
    shape: half as much at a quarter of the eye distance from a single point, not at all from `REACH` on.
    Source: Wendland, "Piecewise polynomial, positive definite and compactly supported radial functions of minimal
    degree", 1995 (the function of order 2, in the interpolation of scattered data).
    """
    moved = landmarks.copy()
    indices = np.array(sorted(points), np.int64)
    if not len(indices):
        return moved
    places = np.array([points[int(n)] for n in indices], np.float64)
    shift = places - landmarks[indices, :2]
    mesh = canonical_mesh()
    weights = np.linalg.solve(_nearness(mesh[indices], mesh[indices]), shift)
    moved[:, :2] += _nearness(mesh, mesh[indices]) @ weights
    moved[indices, :2] = places
    return moved


def _nearness(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """A×B: 1 for points (A×3, B×3) in one place, 0 from `REACH` on."""
    away = np.minimum(np.linalg.norm(a[:, None] - b[None], axis=2) / REACH, 1)
    nearness: NDArray[np.float64] = (1 - away) ** 4 * (4 * away + 1)
    return nearness
