"""What there is to say about a faceset and its faces, as JSON values."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ml_backend.faces.canonical import head_pose
from ml_backend.faces.face import Face
from ml_backend.faces.regions import landmarks68

from .store import Faceset, StoredFace

POSE = ("yaw", "pitch", "roll")


def stats(faceset: Faceset) -> dict[str, Any]:
    """Counts, and the ranges of the pose in whole degrees. A deleted picture's face counts under `deleted` only."""
    faces, frames = faceset.faces(), faceset.frames()
    by_source = {path: 0 for path, _, _ in frames}
    for face in faces:
        by_source[face.source] += 1
    poses = np.array([head_pose(face.landmarks) for face in faces]).reshape(-1, 3)
    return {
        "faceset": str(faceset.folder),
        "identity": faceset.info.identity,
        "size": faceset.info.size,
        "faces": len(faces),
        "deleted": sum(found for _, _, found in frames) - len(faces),
        "frames": len(frames),
        "frames_without_face": sum(found == 0 for _, _, found in frames),
        "tracks": len({(face.source, face.track) for face in faces}),
        "sources": [{"source": str(path), "faces": count} for path, count in by_source.items()],
        "pose": {
            name: [round(float(angles.min())), round(float(angles.max()))] if faces else None
            for name, angles in zip(POSE, poses.T, strict=True)
        },
    }


def describe(face: StoredFace) -> dict[str, Any]:
    """One face: pixels of its frame, where (0, 0) is the centre of the first one; yaw, pitch, roll in degrees."""
    return {
        "frame": face.frame,
        "track": face.track,
        "box": _rounded(Face(face.landmarks, face.score, face.track).box),
        "landmarks68": _rounded(landmarks68(face.landmarks)),
        "landmarks478": _rounded(face.landmarks),
        "score": round(face.score, 4),
        "embedding": _rounded(face.embedding, 6),
        "pose": _rounded(head_pose(face.landmarks), 2),
        "file": face.path.name,
        "source": str(face.source),
    }


def _rounded(values: ArrayLike, digits: int = 3) -> Any:
    return np.round(np.asarray(values, np.float64), digits).tolist()
