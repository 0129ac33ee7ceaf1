"""The face's mesh as a surface in a picture: its triangles, and values of its points painted over them."""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from .canonical import canonical_mesh

POINTS = 468  # the irises lie on the eyes and would only fold the mesh
LENS = 1.8  # in eye distances; from where the triangles are laid out


@cache
def laid_flat() -> NDArray[np.float64]:
    """468×2: the canonical face's points laid flat, in about eye distances, x to the viewer's right and y down.

    Seen straight from the front its sides are so narrow that the triangles there are needles, which show as rays in a
    mask of a turned face. A wide lens (angles instead of lengths, from `LENS` before the face) opens the sides, and
    still no triangle hides another.
    """
    mesh = canonical_mesh()[:POINTS] - [0, 0, LENS]
    x, y, z = (mesh - [0, mesh[:, 1].mean(), 0]).T
    across = np.hypot(x, y)
    angle = np.arctan2(across, -z) / np.maximum(across, 1e-9)
    return np.stack([x * angle, y * angle], 1)


@cache
def triangles() -> NDArray[np.int64]:
    """T×3 indices of mesh points: the Delaunay triangles of the face laid flat."""
    points = laid_flat().astype(np.float32)
    low, high = points.min(0) - 1, points.max(0) + 1
    subdivision = cv2.Subdiv2D((float(low[0]), float(low[1]), *(float(v) for v in high - low)))
    subdivision.insert([(float(x), float(y)) for x, y in points])
    corners = np.asarray(subdivision.getTriangleList(), np.float32).reshape(-1, 3, 2)
    corners = corners[((corners > low) & (corners < high)).all((1, 2))]
    indices = np.linalg.norm(corners[:, :, None] - points, axis=3).argmin(2)
    return np.asarray(indices, np.int64)


class MeshSurface:
    """Where the triangles of a face's mesh lie in a picture of H×W pixels, near ones over far ones.

    inside: H×W uint8, 1 where there is a triangle.
    """

    def __init__(self, shape: tuple[int, int], points: NDArray[np.float64], depth: NDArray[np.float64]) -> None:
        """points: 468×2 in pixels; depth: 468, the larger the farther away."""
        corners = triangles()
        owner = np.zeros(shape, np.int32)  # 0: no triangle
        fixed = np.round(points * 16).astype(np.int32)[corners]
        for triangle in np.argsort(-depth[corners].mean(1), kind="stable").tolist():
            cv2.fillConvexPoly(owner, fixed[triangle], triangle + 1, cv2.LINE_8, 4)
        self.inside = (owner > 0).astype(np.uint8)
        self._shape = shape
        self._places = np.flatnonzero(owner)
        own = owner.ravel()[self._places] - 1
        self._corners = np.ascontiguousarray(corners[own].T)
        self._shares = _shares(points[corners], own, *np.divmod(self._places, shape[1]))

    def paint(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """The values of the 468 points between them, 468 as H×W and 468×C as H×W×C; 0 off the face."""
        columns = values.reshape(len(values), -1)
        painted = np.zeros((self._shape[0] * self._shape[1], columns.shape[1]), np.float32)
        first, second, third = (
            columns.take(corners, 0) * shares[:, None]
            for corners, shares in zip(self._corners, self._shares, strict=True)
        )
        painted[self._places] = first + second + third
        return painted.reshape(*self._shape, *values.shape[1:])


def _shares(
    places: NDArray[np.float64], own: NDArray[np.int32], rows: NDArray[np.int64], columns: NDArray[np.int64]
) -> NDArray[np.float32]:
    """3×M: how much each corner of its triangle counts at each of M pixels. places: T×3×2; own: M triangles.

    A pixel on an edge may lie a little beyond its triangle: no share is below 0.
    """
    (ax, ay), (bx, by) = (places[:, 1] - places[:, 0]).T, (places[:, 2] - places[:, 0]).T
    area = ax * by - ay * bx
    area = np.where(np.abs(area) < 1e-6, 1e-6, area)
    x, y = columns - places[own, 0, 0], rows - places[own, 0, 1]
    second = (x * by[own] - y * bx[own]) / area[own]
    third = (y * ax[own] - x * ay[own]) / area[own]
    shares = np.clip(np.stack([1 - second - third, second, third]), 0, 1)
    return np.asarray(shares / shares.sum(0), np.float32)
