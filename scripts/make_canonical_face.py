"""Compute ml_backend/faces/canonical_face.npy: the mean of many near-frontal, near-neutral faces, made symmetric.

    python scripts/make_canonical_face.py [OUT.npy]

Run in the backend's environment. The result depends on the face models and on the demo footage alone.
"""

import json
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml_backend.faces.geometry import fit_similarity
from ml_backend.faces.regions import LEFT_EYE_CORNER, RIGHT_EYE_CORNER, RIGID
from ml_backend.faces.tracking import FaceTracker
from ml_backend.media.source import open_source

ROOT = Path(__file__).resolve().parents[1]
FOOTAGE = ROOT / "demo" / "footage"
BROW, CHIN, LEFT_CHEEK, RIGHT_CHEEK = 9, 152, 50, 280
Mesh = NDArray[np.float64]


def neutral_faces() -> list[Mesh]:
    """Landmarks (478×3) of the frames that look into the camera with a closed mouth."""
    shapes = []
    for name in ("plate_A", "identity_B_take1", "identity_B_take2", "truth_A_as_B"):
        truths = [json.loads(line) for line in (FOOTAGE / f"{name}.jsonl").read_text().splitlines()]
        tracker = FaceTracker(average=True)
        for truth, frame in zip(truths, open_source(FOOTAGE / f"{name}.mp4").frames(), strict=True):
            face = tracker(frame.image)[0]
            if abs(truth["yaw"]) < 18 and abs(truth["pitch"]) < 12 and truth["expr"]["jawOpen"] < 0.15:
                shapes.append(face.landmarks)
    return shapes


def mean_shape(shapes: list[Mesh]) -> Mesh:
    """Generalised Procrustes mean over the rigid points, the outer eye corners 1 apart."""
    mean = shapes[0]
    for _ in range(8):
        fitted = []
        for shape in shapes:
            scale, rotation, shift = fit_similarity(shape[RIGID], mean[RIGID])
            fitted.append(scale * shape @ rotation.T + shift)
        mean = np.mean(fitted, axis=0)
        mean = (mean - mean[RIGID].mean(0)) / np.linalg.norm(mean[RIGHT_EYE_CORNER] - mean[LEFT_EYE_CORNER])
    return mean


def upright(mesh: Mesh, top: int) -> Mesh:
    """Turned so that the eyes are level and the line from the point `top` to the chin is vertical."""
    x = mesh[RIGHT_EYE_CORNER] - mesh[LEFT_EYE_CORNER]
    x /= np.linalg.norm(x)
    y = mesh[CHIN] - mesh[top]
    y -= x * (x @ y)
    y /= np.linalg.norm(y)
    return mesh @ np.stack([x, y, np.cross(x, y)], 1)


def symmetric(mesh: Mesh) -> Mesh:
    """The mean of the mesh and its mirror picture; partners are the points that lie nearest to one another."""
    for _ in range(3):
        mirrored = mesh * [-1, 1, 1]
        mirrored += mesh[RIGID].mean(0) - mirrored[RIGID].mean(0)
        partner = np.linalg.norm(mesh[:, None] - mirrored[None], axis=2).argmin(1)
        if (partner[partner[RIGID]] != RIGID).any():
            raise SystemExit("The mesh is too far from symmetric: rigid points have no partner on the other side.")
        scale, rotation, shift = fit_similarity(mirrored[partner], mesh)
        mesh = (mesh + scale * mirrored[partner] @ rotation.T + shift) / 2
    return mesh


def canonical(shapes: list[Mesh]) -> Mesh:
    mesh = upright(symmetric(upright(mean_shape(shapes), top=10)), top=BROW)
    mesh /= np.linalg.norm(mesh[RIGHT_EYE_CORNER] - mesh[LEFT_EYE_CORNER])
    mesh[:, 0] -= (mesh[LEFT_EYE_CORNER, 0] + mesh[RIGHT_EYE_CORNER, 0]) / 2
    cheeks = (mesh[LEFT_CHEEK, 2] + mesh[RIGHT_CHEEK, 2]) / 2
    return mesh - [0, (mesh[BROW, 1] + mesh[CHIN, 1]) / 2, cheeks]


if __name__ == "__main__":
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "ml_backend" / "faces" / "canonical_face.npy"
    np.save(out, canonical(neutral_faces()).astype(np.float32))
    print(out)
