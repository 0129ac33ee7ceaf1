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
from ml_backend.faces.mesh_surface import POINTS, MeshSurface
from ml_backend.faces.regions import OVAL, eye_distance

from .sides import Sides, side_shares

WORK_SCALE = 64.0  # pixels between the eye corners at which the mask is painted
# The ends of the brows (the right one's, then the left one's) lie so near the outline that a soft edge would leave the
# performer's hairs beside the identity's: they count as lying deeper, so the edge is narrower there.
BROW_ENDS, BROW_DEPTH = np.array([70, 46, 156, 124, 63, 300, 276, 383, 353, 293]), 0.13
OUTLINE = 0.05  # width of the soft edge where the face ends in the picture, in eye distances


@cache
def depth_in_face() -> NDArray[np.float32]:
    """How far each of the 468 points lies inside the canonical face's oval, in eye distances, and more at the brows."""
    points = canonical_mesh()[:POINTS, :2].astype(np.float32)
    hull = cv2.convexHull(points[OVAL])
    depth = [max(0.0, cv2.pointPolygonTest(hull, (float(x), float(y)), True)) for x, y in points]
    lengths = np.asarray(depth, np.float32)
    lengths[BROW_ENDS] = np.maximum(lengths[BROW_ENDS], BROW_DEPTH)
    return lengths


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
    A `feather` that is wider than the face is deep ends at its deepest point.
    """
    unit = eye_distance(landmarks)
    scale = min(1.0, WORK_SCALE / unit)
    work = (max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale)))
    factors = np.array([work[1] / shape[1], work[0] / shape[0]])
    # pixel centres stay pixel centres when a picture is resized
    points = (landmarks[:POINTS, :2] + 0.5) * factors - 0.5
    start = _lengths(erode)
    width = np.maximum(np.minimum(_lengths(feather), depth_in_face().max() - start), np.float32(1e-3))
    surface = MeshSurface(work, points, landmarks[:POINTS, 2])
    rise = np.clip(surface.paint(np.asarray((depth_in_face() - start) / width, np.float32)), 0, 1)
    distance = cv2.distanceTransform(surface.inside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) - 1
    outline = np.clip(distance / max(OUTLINE * unit * scale, 1.0), 0, 1).astype(np.float32)
    # the smallest blur takes the steps of the pixels out of the outline, and ends where the face ends
    outline = np.asarray(cv2.blur(outline, (3, 3), borderType=cv2.BORDER_REPLICATE), np.float32)
    mask = np.asarray(rise * rise * (3 - 2 * rise) * outline, np.float32)
    return np.asarray(cv2.resize(mask, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR), np.float32)


def _lengths(length: Sides | float) -> NDArray[np.float32]:
    sides = length if isinstance(length, Sides) else Sides.even(length)
    return sides.at(shares_of_sides())
