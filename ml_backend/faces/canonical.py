"""The canonical face: a symmetric mean mesh that gives every face the same place, size and pose."""

from functools import cache
from importlib.resources import files
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from .geometry import fit_similarity
from .regions import RIGID

# How much the canonical mesh, whose brow is above its chin, looks down against a head at rest: that of ICT-FaceKit,
# measured on frames 1-90 of the demo's plate_A and on identity_B_take1. The chin recedes from the brow.
REST_PITCH = 6.5
_REST = np.radians(REST_PITCH)
_LEVEL = np.array([[1, 0, 0], [0, np.cos(_REST), -np.sin(_REST)], [0, np.sin(_REST), np.cos(_REST)]])

_MOUTH_CORNERS = np.array([[62, 292], [78, 308]])  # these lie on one another, and their partners do


@cache
def canonical_mesh() -> NDArray[np.float64]:
    """478×3: x to the right, y down, z away from the camera; the outer eye corners are 1 apart.

    The origin is the middle of the face: half way between brow and chin, at the depth of the cheeks.
    """
    data = files("ml_backend.faces").joinpath("canonical_face.npy").read_bytes()
    mesh: NDArray[np.float64] = np.load(BytesIO(data), allow_pickle=False).astype(np.float64)
    return mesh


@cache
def mirror_partners() -> NDArray[np.int64]:
    """For each of the 478 points the one that takes its place in a mirrored face."""
    mesh = canonical_mesh()
    apart = np.linalg.norm(mesh[:, None] - mesh * [-1, 1, 1], axis=2)
    partners = np.full(len(mesh), -1)
    partners[_MOUTH_CORNERS] = _MOUTH_CORNERS[:, ::-1]
    for n in np.argsort(apart, axis=None, kind="stable"):
        a, b = divmod(int(n), len(mesh))
        if partners[a] < 0 and partners[b] < 0:
            partners[a], partners[b] = b, a
    return partners


def fit_head(landmarks: NDArray[np.float64]) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Scale, rotation (3×3) and shift (3) that lay the canonical mesh on 478×3 landmarks.

    Only points that do not move with expression count, so that an open mouth neither shifts nor scales the
    face. Scale comes from all three dimensions and so stays the same when the head turns.
    """
    return fit_similarity(canonical_mesh()[RIGID], landmarks[RIGID])


def head_pose(landmarks: NDArray[np.float64]) -> tuple[float, float, float]:
    """Yaw, pitch, roll in degrees of 478×3 landmarks, as an animator turns a head: roll, then pitch, then yaw.

    Yaw is positive when the face looks to the right of the picture, pitch when it looks down, roll when the
    head tilts counter-clockwise in the picture, about the axis of its own nose. They are angles to the viewing
    direction as a far camera sees them: a camera less than a metre away enlarges what is near it, which looks like a
    tenth more yaw.
    """
    _, rotation, _ = fit_head(landmarks)
    r = rotation @ _LEVEL.T
    # r = Ry(yaw) · Rx(pitch) · Rz(roll) with z away from the camera: the middle row and the third column suffice
    pitch = np.arcsin(np.clip(-r[1, 2], -1, 1))
    yaw = np.arctan2(-r[0, 2], r[2, 2])
    roll = np.arctan2(-r[1, 0], r[1, 1])
    return float(np.degrees(yaw)), float(np.degrees(pitch)), float(np.degrees(roll))
