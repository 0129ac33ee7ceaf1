"""Can a face's landmarks be trusted? The mesh network draws a well-shaped face on lettering and hair, too.

Its own score does not tell, and the shape tells only the worst: of 55 meshes on lettering, noise, hair and background
with a score of 0.5 or more, all were shaped like faces. What tells is the mirror: shown the mirror picture, the network
finds the same face where there is one (1–2 % of the eye distance, more in profile) and another where there is none.
On renders of four actors `on_faces` took 0 of 238 right meshes up to 45° of yaw for wrong ones and 2 of 10 at 60°; it
found 50 of the 55, and all 5 that lay askew on a profile of 60–90°.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ml_backend.media.frame import Pixels

from .canonical import canonical_mesh, fit_head, head_pose
from .mesh import FaceMesh
from .regions import RIGID, eye_distance
from .roi import roi_of_landmarks

MOST_RESIDUAL = 12.0
# The limit of `mirror_difference` by yaw in degrees: what is drawn on lettering mostly looks straight ahead, and the
# far half of a turned face is guessed.
_YAW, _MOST_DIFFERENCE = (30.0, 60.0), (4.5, 8.0)


def shape_residual(landmarks: NDArray[np.float64]) -> float:
    """How far the points that do not move with expression are from the canonical face's, in % of the eye distance.

    landmarks: 478×3. The mean square of the distances, rooted: 2–5 for faces up to 45° of yaw, up to 10 beyond.
    """
    scale, rotation, shift = fit_head(landmarks)
    if not scale > 0:
        return float("inf")
    away = (landmarks[RIGID] - shift) @ rotation / scale - canonical_mesh()[RIGID]
    return float(np.sqrt((away**2).sum(1).mean()) * 100)


def plausible(landmarks: NDArray[np.float64]) -> bool:
    """Have these 478×3 landmarks a face's shape at all? True for every face, and for many a mesh that is on none."""
    return bool(np.isfinite(landmarks).all()) and shape_residual(landmarks) < MOST_RESIDUAL


def mirror_difference(mesh: FaceMesh, image: Pixels, faces: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """How far N faces (478×3 each, found by `mesh` in this picture) are from those of the mirror picture: N values.

    The mean distance of the points in the picture in % of the eye distance. Costs one pass of the network for all.
    """
    mirrored, _ = mesh.landmarks(image, [roi_of_landmarks(face) for face in faces], mirrored=True)
    differences = [
        100 * np.linalg.norm((other - face)[:468, :2], axis=1).mean() / eye_distance(face)
        for other, face in zip(mirrored, faces, strict=True)
    ]
    return np.array(differences, np.float64)


def on_faces(mesh: FaceMesh, image: Pixels, faces: Sequence[NDArray[np.float64]]) -> NDArray[np.bool_]:
    """Which of N meshes (478×3 each, found by `mesh` in this picture) are most likely on a face, and rightly so."""
    most = [np.interp(abs(head_pose(face)[0]), _YAW, _MOST_DIFFERENCE) for face in faces]
    shaped = np.array([plausible(face) for face in faces], np.bool_)
    return shaped & (mirror_difference(mesh, image, faces) <= np.array(most, np.float64))
