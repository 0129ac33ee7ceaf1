"""A mask that lies on the face's surface instead of on the picture.

A soft edge of one width everywhere leaves the far half of a turned face uncovered: nose, eye and mouth are nearer to
the outline there than the edge is wide. So the edge is measured on the canonical face, looked at from the front, and
painted onto the performer's mesh: it narrows where the surface turns away.
"""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.faces.canonical import canonical_mesh
from ml_backend.faces.regions import OVAL, eye_distance

POINTS = 468  # the irises lie on the eyes and would only fold the mesh
WORK_SCALE = 64.0  # pixels between the eye corners at which the mask is painted
OUTLINE = 0.05  # width of the soft edge where the face ends in the picture, in eye distances


@cache
def triangles() -> NDArray[np.int64]:
    """T×3 indices of mesh points: the Delaunay triangles of the canonical face seen from the front."""
    points = canonical_mesh()[:POINTS, :2].astype(np.float32)
    low, high = points.min(0) - 1, points.max(0) + 1
    subdivision = cv2.Subdiv2D((float(low[0]), float(low[1]), *(float(v) for v in high - low)))
    subdivision.insert([(float(x), float(y)) for x, y in points])
    corners = np.asarray(subdivision.getTriangleList(), np.float32).reshape(-1, 3, 2)
    corners = corners[((corners > low) & (corners < high)).all((1, 2))]
    indices = np.linalg.norm(corners[:, :, None] - points, axis=3).argmin(2)
    return np.asarray(indices, np.int64)


@cache
def depth_in_face() -> NDArray[np.float32]:
    """How far each of the 468 points lies inside the canonical face's oval, in eye distances."""
    points = canonical_mesh()[:POINTS, :2].astype(np.float32)
    hull = cv2.convexHull(points[OVAL])
    depth = [max(0.0, cv2.pointPolygonTest(hull, (float(x), float(y)), True)) for x, y in points]
    return np.asarray(depth, np.float32)


def surface_mask(
    shape: tuple[int, int], landmarks: NDArray[np.float64], erode: float, feather: float
) -> NDArray[np.float32]:
    """H×W float32 in 0–1 for 478×3 landmarks in the picture's pixels; exactly 0 off the face.

    The mask is 0 up to `erode` inside the oval and rises to 1 over the next `feather`, both in eye distances on
    the canonical face.
    """
    unit = eye_distance(landmarks)
    scale = min(1.0, WORK_SCALE / unit)
    work = (max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale)))
    factors = np.array([work[1] / shape[1], work[0] / shape[0]])
    # pixel centres stay pixel centres when a picture is resized
    points = (landmarks[:POINTS, :2] + 0.5) * factors - 0.5
    depth = _paint(work, points, landmarks[:POINTS, 2], depth_in_face())
    rise = np.clip((depth - erode) / max(feather, 1e-3), 0, 1)
    inside = (depth >= 0).astype(np.uint8)
    outline = cv2.distanceTransform(inside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) - 1
    mask = rise * rise * (3 - 2 * rise) * np.clip(outline / max(OUTLINE * unit * scale, 1.0), 0, 1)
    large: NDArray[np.float32] = cv2.resize(
        mask.astype(np.float32), (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR
    )
    return large


def _paint(
    shape: tuple[int, int], points: NDArray[np.float64], z: NDArray[np.float64], values: NDArray[np.float32]
) -> NDArray[np.float64]:
    """The values (one a point) interpolated over the triangles, near ones over far ones; −1 where there is none."""
    corners = triangles()
    order = np.argsort(-z[corners].mean(1), kind="stable")
    owner = np.full(shape, -1, np.int32)
    fixed = np.round(points * 16).astype(np.int32)
    for triangle in order:
        cv2.fillConvexPoly(owner, fixed[corners[triangle]], int(triangle), cv2.LINE_8, 4)
    rows, columns = np.nonzero(owner >= 0)
    own = corners[owner[rows, columns]]
    a, b, c = (points[own[:, n]] for n in range(3))
    here = np.stack([columns, rows], 1)
    area = _cross(b - a, c - a)
    area = np.where(np.abs(area) < 1e-6, 1e-6, area)
    wb, wc = _cross(here - a, c - a) / area, _cross(b - a, here - a) / area
    weights = np.clip(np.stack([1 - wb - wc, wb, wc], 1), 0, 1)
    weights /= weights.sum(1, keepdims=True)
    painted = np.full(shape, -1.0)
    painted[rows, columns] = (values[own] * weights).sum(1)
    return painted


def _cross(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    product: NDArray[np.float64] = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    return product
