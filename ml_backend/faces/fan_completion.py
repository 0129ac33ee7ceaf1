"""All 478 points of the mesh from the 68 that FAN measures.

The canonical mesh is turned and scaled onto the 68 points, then bent so that its own 68 lie on them exactly; what lies
between follows smoothly. Depth is that of the turned mesh, as nothing else is known of it.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from .canonical import canonical_mesh
from .regions import LEFT_EYE, MESH68, RIGHT_EYE

Array = NDArray[np.float64]
# How much a point says of the head's pose: eyes and nose stay, brows move a little, the mouth and chin move much, and
# the jaw's points are those of the outline, which slides over the head as it turns.
_TRUST = np.concatenate(
    [np.full(17, 0.05), np.full(10, 0.3), np.full(9, 1.0), np.full(12, 1.0), np.full(12, 0.1), np.full(8, 0.05)]
)
_IRISES = ((slice(468, 473), LEFT_EYE), (slice(473, 478), RIGHT_EYE))
_STEPS = 10


def complete(points: Array) -> Array:
    """The mesh (478×3) whose 68 counterparts lie on `points` (68×2, pixels); z in pixels, away from the camera.

    Irises are put into the middle of their eyes: the 68 points do not know where a person looks.
    Raises ValueError for points that are all in one place.
    """
    canonical = canonical_mesh()
    scale, rotation, shift = fit_orthographic(canonical[MESH68], points, _TRUST)
    mesh = scale * canonical @ rotation.T
    mesh[:, :2] += shift
    mesh[:, :2] += _spread() @ (points - mesh[MESH68, :2])
    posed = scale * canonical @ rotation.T
    for iris, lids in _IRISES:
        mesh[iris] = posed[iris] - posed[iris].mean(0) + mesh[lids].mean(0)
    return mesh


def fit_orthographic(model: Array, points: Array, weights: Array) -> tuple[float, Array, Array]:
    """Scale, rotation (3×3) and shift (2) that lay the N×3 `model`, seen from far away, on N×2 `points`.

    The best affine camera, made a rotation, then Gauss–Newton on the distances in the picture.
    Source: Dementhon & Davis, "Model-Based Object Pose in 25 Lines of Code", 1995, for the start.
    """
    share = weights / weights.sum()
    middle, centre = share @ model, share @ points
    x, y, root = model - middle, points - centre, np.sqrt(share)[:, None]
    if not np.ptp(points, axis=0).max() > 1e-6:
        raise ValueError("the points are all in one place")
    affine = np.linalg.lstsq(x * root, y * root, rcond=None)[0].T
    u, d, vt = np.linalg.svd(affine, full_matrices=False)
    scale, rows = float(d.mean()), u @ vt
    rotation = np.vstack([rows, np.cross(rows[0], rows[1])])
    for _ in range(_STEPS):
        turned = x @ rotation.T
        away = (y - scale * turned[:, :2]) * root
        # the change of (x, y) by a small turn about each axis and by the logarithm of the scale
        zero = np.zeros(len(x))
        slopes = scale * np.stack(
            [
                np.stack([zero, turned[:, 2], -turned[:, 1], turned[:, 0]], 1),
                np.stack([-turned[:, 2], zero, turned[:, 0], turned[:, 1]], 1),
            ],
            1,
        )
        step = np.linalg.lstsq((slopes * root[:, :, None]).reshape(-1, 4), away.reshape(-1), rcond=None)[0]
        rotation = _turn(np.clip(step[:3], -0.5, 0.5)) @ rotation
        scale *= float(np.exp(np.clip(step[3], -0.5, 0.5)))
        if np.abs(step).max() < 1e-9:
            break
    return scale, rotation, centre - scale * rotation[:2] @ middle


def _turn(axis: Array) -> Array:
    """The rotation about an axis (3) by its length in radians. Source: Rodrigues' formula."""
    angle = float(np.linalg.norm(axis))
    if angle < 1e-15:
        return np.eye(3)
    x, y, z = axis / angle
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    turned: Array = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    return turned


@cache
def _spread() -> Array:
    """478×68: what each point of the mesh moves when the 68 move.

    The smoothest bend in three dimensions that moves the 68 as they should: biharmonic, with an affine part.
    Source: Carr et al., "Reconstruction and Representation of 3D Objects with Radial Basis Functions", 2001.
    """
    mesh = canonical_mesh()
    anchors = mesh[MESH68]
    count = len(anchors)

    def affine(points: Array) -> Array:
        return np.column_stack([np.ones(len(points)), points])

    def kernel(points: Array) -> Array:
        distances: Array = np.linalg.norm(points[:, None] - anchors, axis=2)
        return distances

    system = np.zeros((count + 4, count + 4))
    system[:count, :count] = kernel(anchors)
    system[:count, count:] = affine(anchors)
    system[count:, :count] = affine(anchors).T
    solved = np.linalg.solve(system, np.eye(count + 4)[:, :count])
    spread: Array = np.column_stack([kernel(mesh), affine(mesh)]) @ solved
    spread[MESH68] = np.eye(count)
    return spread
