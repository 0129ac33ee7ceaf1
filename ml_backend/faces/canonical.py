"""The canonical face: a symmetric mean mesh that gives every face the same place, size and pose."""

from functools import cache
from importlib.resources import files
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from .geometry import fit_similarity
from .regions import RIGID


@cache
def canonical_mesh() -> NDArray[np.float64]:
    """478×3: x to the right, y down, z away from the camera; the outer eye corners are 1 apart.

    The origin is the middle of the face: half way between brow and chin, at the depth of the cheeks.
    """
    data = files("ml_backend.faces").joinpath("canonical_face.npy").read_bytes()
    mesh: NDArray[np.float64] = np.load(BytesIO(data), allow_pickle=False).astype(np.float64)
    return mesh


def fit_head(landmarks: NDArray[np.float64]) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Scale, rotation (3×3) and shift (3) that lay the canonical mesh on 478×3 landmarks.

    Only points that do not move with expression count, so that an open mouth neither shifts nor scales the
    face. Scale comes from all three dimensions and so stays the same when the head turns.
    """
    return fit_similarity(canonical_mesh()[RIGID], landmarks[RIGID])


def head_pose(landmarks: NDArray[np.float64]) -> tuple[float, float, float]:
    """Yaw, pitch, roll in degrees of 478×3 landmarks.

    Yaw is positive when the face looks to the right of the picture, pitch when it looks down, roll when the
    head tilts counter-clockwise in the picture.
    """
    _, r, _ = fit_head(landmarks)
    # r = Rz(roll) · Rx(pitch) · Ry(yaw) with z away from the camera: the third row and middle column suffice
    pitch = np.arcsin(np.clip(r[2, 1], -1, 1))
    yaw = np.arctan2(r[2, 0], r[2, 2])
    roll = np.arctan2(r[0, 1], r[1, 1])
    return float(np.degrees(yaw)), float(np.degrees(pitch)), float(np.degrees(roll))
