"""The canonical face: a symmetric mean mesh that gives every face the same place, size and pose."""

from functools import cache
from importlib.resources import files
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from .geometry import fit_similarity
from .regions import RIGID, five_points

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


@cache
def canonical_five() -> NDArray[np.float64]:
    """5×3: where a detector's five points are on the canonical face."""
    mesh = canonical_mesh()
    depths = five_points(mesh[:, [2, 1]])[:, :1]
    return np.concatenate([five_points(mesh), depths], 1)


def fit_head(landmarks: NDArray[np.float64]) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Scale, rotation (3×3) and shift (3) that lay the canonical mesh on 478×3 landmarks.

    Only points that do not move with expression count, so that an open mouth neither shifts nor scales the
    face. Scale comes from all three dimensions and so stays the same when the head turns.
    """
    return fit_similarity(canonical_mesh()[RIGID], landmarks[RIGID])


def tilt(rotation: NDArray[np.float64]) -> float:
    """How far a head's rotation (3×3, or its first two rows) turns it in the picture, in radians, clockwise.

    That of the turn in the picture which is nearest to the rotation: of the line of the eyes on a face that looks
    ahead, and more and more of the line from brow to chin on one that turns away, whose eyes lie behind one another.
    """
    return float(np.arctan2(rotation[1, 0] - rotation[0, 1], rotation[0, 0] + rotation[1, 1]))


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


def shape_residual(landmarks: NDArray[np.float64]) -> float:
    """How far the points that do not move with expression are from the canonical face's, in % of the eye distance.

    landmarks: 478×3. The mean square of the distances, rooted: 2–5 for faces up to 45° of yaw, up to 10 beyond;
    infinite where all points are one. It does not tell a face from lettering or hair: there, too, the mesh network
    draws a well-shaped one.
    """
    scale, rotation, shift = fit_head(landmarks)
    if not scale > 0:
        return float("inf")
    away = (landmarks[RIGID] - shift) @ rotation / scale - canonical_mesh()[RIGID]
    return float(np.sqrt((away**2).sum(1).mean()) * 100)
