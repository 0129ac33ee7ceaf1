"""Pictures of a face unwrapped onto the face laid flat, and wrapped again onto a face that moves otherwise.

Points are 478×2 or 478×3, in parts of the side of a square picture from its upper left corner, as portraits have them.
"""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.faces.canonical import canonical_mesh
from ml_backend.faces.mesh_surface import POINTS, MeshSurface, laid_flat, triangles
from ml_backend.swapping.blend import Mask, Picture

SIDE = 384  # pixels of a texture
WORK = 192  # most pixels at which a face's mesh is drawn: what lies between its points is smooth
TURNED, FACING = 0.05, 0.4  # cosines to the viewer: of a surface that shows nothing, and of one that shows all
EDGE = 0.03  # of the picture's side: over which a texture ends where the face does
JUMP, TORN = 2.0, 3.5  # times the usual step between two pixels' places in the texture: still whole, and torn


def unwrap(picture: NDArray[np.float32], points: NDArray[np.float32]) -> NDArray[np.float32]:
    """The texture SIDE×SIDE×3 of a picture S×S×3; 0 where the face laid flat ends."""
    places = _flat().paint(np.asarray(points[:POINTS, :2] * len(picture) - 0.5, np.float32))
    texture = cv2.remap(picture, places[..., 0], places[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(texture * _flat().inside[..., None], np.float32)


@cache
def flat_face() -> NDArray[np.intp]:
    """The pixels of a texture, counted row by row, on which the face lies."""
    return np.flatnonzero(_flat().inside)


def texture_of(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Values of the points (478) as a texture SIDE×SIDE."""
    return _flat().paint(values[:POINTS])


def wrap(texture: Picture, points: NDArray[np.float32], size: int) -> tuple[Picture, Mask]:
    """The picture size×size×3 of a texture on a face, and how far it is to be trusted there, size×size in 0–1.

    Trust fades where the surface turns away from the viewer, where the face ends, and where neighbouring pixels are
    far apart on it: along a nose before a cheek, between closed lips and lids.
    """
    work = min(WORK, size)
    placed = points[:POINTS, :2] * work - 0.5
    surface = MeshSurface((work, work), placed.astype(np.float64), points[:POINTS, 2].astype(np.float64))
    painted = surface.paint(np.column_stack([_places(), facing(points)[:POINTS]]).astype(np.float32))
    distance = cv2.distanceTransform(np.pad(surface.inside, 1), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1] - 1
    trust = np.clip(distance / max(EDGE * work, 1.0), 0, 1).astype(np.float32) * painted[..., 2]
    trust *= _whole(painted[..., :2], surface.inside)
    # where the face ends its last places go on, so that enlarging does not mix them with nothing
    within = surface.inside.astype(np.float32)
    spread = cv2.blur(within, (3, 3))
    maps = [
        np.where(within > 0, painted[..., k], cv2.blur(painted[..., k], (3, 3)) / np.maximum(spread, 1e-6))
        for k in (0, 1)
    ]
    x, y, trust = (
        cv2.resize(np.asarray(one, np.float32), (size, size), interpolation=cv2.INTER_LINEAR) for one in (*maps, trust)
    )
    picture = cv2.remap(texture, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(picture, np.float32), np.asarray(np.clip(trust, 0, 1), np.float32)


def _whole(places: NDArray[np.float32], inside: NDArray[np.uint8]) -> Mask:
    """H×W in 0–1: 1 where the texture lies in one piece, 0 around what folds. places: H×W×2 in the texture."""
    x, y = np.abs(np.diff(places, axis=1)).transpose(2, 0, 1)
    across = np.pad(np.maximum(x, y) * inside[:, 1:] * inside[:, :-1], ((0, 0), (0, 1)))
    x, y = np.abs(np.diff(places, axis=0)).transpose(2, 0, 1)
    down = np.pad(np.maximum(x, y) * inside[1:] * inside[:-1], ((0, 1), (0, 0)))
    step = np.maximum(across, down)
    usual = float(np.median(step[inside > 0])) if inside.any() else 1.0
    torn = np.clip((step / max(usual, 1e-6) - JUMP) / (TORN - JUMP), 0, 1)
    return np.asarray(1 - cv2.blur(cv2.dilate(torn, np.ones((3, 3), np.uint8)), (3, 3)), np.float32)


def facing(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """468 in 0–1: how much of the surface at each point turns to the viewer; depth grows away from the viewer."""
    cosine = _cosines(points[:POINTS]) * _front()
    rise = np.clip((cosine - TURNED) / (FACING - TURNED), 0, 1)
    return np.asarray(rise * rise * (3 - 2 * rise), np.float32)


def _cosines(points: NDArray[np.floating]) -> NDArray[np.float64]:
    corners = points.astype(np.float64)[triangles()]
    of_triangles = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    of_triangles /= np.maximum(np.linalg.norm(of_triangles, axis=1, keepdims=True), 1e-12)
    of_points = np.zeros((POINTS, 3))
    for corner in range(3):
        np.add.at(of_points, triangles()[:, corner], of_triangles)
    return np.asarray(of_points[:, 2] / np.maximum(np.linalg.norm(of_points, axis=1), 1e-12), np.float64)


@cache
def _front() -> float:
    """The sign that the canonical face's own surface has, which looks at the viewer."""
    return float(np.sign(np.median(_cosines(canonical_mesh()))))


@cache
def _places() -> NDArray[np.float64]:
    """468×2: where in the texture, in its pixels, each point lies."""
    flat = laid_flat()
    low, high = flat.min(0), flat.max(0)
    scale = (SIDE - 5) / float((high - low).max())
    return np.asarray((flat - (low + high) / 2) * scale + (SIDE - 1) / 2, np.float64)


@cache
def _flat() -> MeshSurface:
    return MeshSurface((SIDE, SIDE), _places(), np.zeros(POINTS))
