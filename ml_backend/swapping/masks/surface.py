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

from .sides import Sides, side_shares

POINTS = 468  # the irises lie on the eyes and would only fold the mesh
WORK_SCALE = 64.0  # pixels between the eye corners at which the mask is painted
LENS = 1.8  # in eye distances; from where the triangles are laid out
OUTLINE = 0.05  # width of the soft edge where the face ends in the picture, in eye distances


@cache
def triangles() -> NDArray[np.int64]:
    """T×3 indices of mesh points: the Delaunay triangles of the canonical face, laid flat.

    Seen straight from the front its sides are so narrow that the triangles there are needles, which show as rays in a
    mask of a turned face. A wide lens (angles instead of lengths, from `LENS` before the face) opens the sides, and
    still no triangle hides another.
    """
    mesh = canonical_mesh()[:POINTS] - [0, 0, LENS]
    x, y, z = (mesh - [0, mesh[:, 1].mean(), 0]).T
    across = np.hypot(x, y)
    angle = np.arctan2(across, -z) / np.maximum(across, 1e-9)
    points = np.stack([x * angle, y * angle], 1).astype(np.float32)
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


@cache
def shares_of_sides() -> NDArray[np.float32]:
    """468×4: how much top, bottom, left and right count at each of the points."""
    return side_shares(canonical_mesh()[:POINTS, :2], depth_in_face())


def surface_mask(
    shape: tuple[int, int], landmarks: NDArray[np.float64], erode: Sides | float, feather: Sides | float
) -> NDArray[np.float32]:
    """H×W float32 in 0–1 for 478×3 landmarks in the picture's pixels; exactly 0 off the face.

    The mask is 0 up to `erode` inside the oval and rises to 1 over the next `feather`, both in eye distances on
    the canonical face, for all sides or for each. A negative `erode` begins the rise outside, where it is cut off.
    """
    unit = eye_distance(landmarks)
    scale = min(1.0, WORK_SCALE / unit)
    work = (max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale)))
    factors = np.array([work[1] / shape[1], work[0] / shape[0]])
    # pixel centres stay pixel centres when a picture is resized
    points = (landmarks[:POINTS, :2] + 0.5) * factors - 0.5
    start, width = _lengths(erode), np.maximum(_lengths(feather), np.float32(1e-3))
    rise, inside = _paint(
        work, points, landmarks[:POINTS, 2], np.asarray((depth_in_face() - start) / width, np.float32)
    )
    rise = np.clip(rise, 0, 1)
    distance = cv2.distanceTransform(inside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) - 1
    outline = np.clip(distance / max(OUTLINE * unit * scale, 1.0), 0, 1).astype(np.float32)
    # the smallest blur takes the steps of the pixels out of the outline, and ends where the face ends
    outline = np.asarray(cv2.blur(outline, (3, 3), borderType=cv2.BORDER_REPLICATE), np.float32)
    mask = np.asarray(rise * rise * (3 - 2 * rise) * outline, np.float32)
    return np.asarray(cv2.resize(mask, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR), np.float32)


def _lengths(length: Sides | float) -> NDArray[np.float32]:
    sides = length if isinstance(length, Sides) else Sides.even(length)
    return sides.at(shares_of_sides())


def _paint(
    shape: tuple[int, int], points: NDArray[np.float64], z: NDArray[np.float64], values: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """The values (one a point) interpolated over the triangles, near ones over far ones, and where there are any."""
    corners = triangles()
    owner = np.zeros(shape, np.int32)  # 0: no triangle
    fixed = np.round(points * 16).astype(np.int32)[corners]
    for triangle in np.argsort(-z[corners].mean(1), kind="stable").tolist():
        cv2.fillConvexPoly(owner, fixed[triangle], triangle + 1, cv2.LINE_8, 4)
    rows, columns = np.nonzero(owner)
    own = owner[rows, columns] - 1
    start, across, down, low, high = _planes(points[corners], values[corners])
    # a pixel on an edge may lie a little beyond its triangle: its value stays between those of the corners
    painted = np.zeros(shape, np.float32)
    painted[rows, columns] = (start[own] + across[own] * columns + down[own] * rows).clip(low[own], high[own])
    return painted, (owner > 0).astype(np.uint8)


def _planes(corners: NDArray[np.float64], values: NDArray[np.float32]) -> tuple[NDArray[np.float64], ...]:
    """The plane start + across·x + down·y through T×3×2 corners with T×3 values, and its least and greatest value."""
    (ax, ay), (bx, by) = (corners[:, 1] - corners[:, 0]).T, (corners[:, 2] - corners[:, 0]).T
    area = ax * by - ay * bx
    area = np.where(np.abs(area) < 1e-6, 1e-6, area)
    a, b = values[:, 1] - values[:, 0], values[:, 2] - values[:, 0]
    across, down = (a * by - b * ay) / area, (b * ax - a * bx) / area
    start = values[:, 0] - across * corners[:, 0, 0] - down * corners[:, 0, 1]
    return start, across, down, values.min(1).astype(np.float64), values.max(1).astype(np.float64)
