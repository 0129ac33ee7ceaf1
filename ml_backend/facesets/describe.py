"""What there is to say about a faceset and its faces, as JSON values."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml_backend.faces.canonical import head_pose
from ml_backend.faces.face import Face
from ml_backend.faces.regions import landmarks68
from ml_backend.faces.slipping import UNSURE

from .absent import absences
from .coverage import Gap
from .poses import PITCH_NAMES, YAW_NAMES, sort_into_cells
from .scores import NAMES, Scores
from .store import Faceset, StoredFace
from .table import Table

POSE = ("yaw", "pitch", "roll")


def stats(faceset: Faceset) -> dict[str, Any]:
    """Counts, and the ranges of the pose in whole degrees, of the faces in use; where no face was found.

    A deleted picture's face counts under `deleted` only, one that is left out under `left_out` only.
    """
    frames = faceset.frames()
    without = len(faceset.left_out().keys() & faceset.pictures())
    by_source = {path: 0 for path, _, _ in frames}
    turns: list[tuple[float, float, float]] = []
    yaws: dict[tuple[Path, int], float] = {}
    tracks: set[tuple[Path, int]] = set()
    interpolated = repaired = unsure = 0
    for face in faceset.stream():
        by_source[face.source] += 1
        turns.append(head_pose(face.landmarks))
        yaws[face.source, face.frame] = turns[-1][0]
        tracks.add((face.source, face.track))
        interpolated += face.interpolated
        repaired += face.repaired
        unsure += not face.interpolated and face.score <= UNSURE
    poses = np.array(turns).reshape(-1, 3)
    return {
        "faceset": str(faceset.folder),
        "identity": faceset.info.identity,
        "size": faceset.info.size,
        "faces": len(turns),
        "interpolated": interpolated,
        "repaired": repaired,
        "unsure": unsure,
        "left_out": without,
        "deleted": sum(found for _, _, found in frames) - len(turns) - without,
        "frames": len(frames),
        "frames_without_face": sum(found == 0 for _, _, found in frames),
        "without_face": [
            {"source": str(one.source), "first": one.first, "last": one.last, "turned": one.turned}
            for one in absences(frames, yaws)
        ],
        "tracks": len(tracks),
        "sources": [{"source": str(path), "faces": count} for path, count in by_source.items()],
        "pose": {
            name: [round(float(angles.min())), round(float(angles.max()))] if turns else None
            for name, angles in zip(POSE, poses.T, strict=True)
        },
    }


def spread(table: Table) -> dict[str, Any]:
    """How the faces' scores are spread, by the score's name: the least, some percentiles and the most."""
    if not len(table):
        return {}
    percentiles = {"least": 0, "p5": 5, "median": 50, "p95": 95, "most": 100}
    columns = (*NAMES, "eyes", "score", "similarity", "duplicates")
    return {
        name: {word: _percentile(table[name], percentile) for word, percentile in percentiles.items()}
        for name in columns
    }


def _percentile(values: NDArray[np.float64], percentile: float) -> float | None:
    """None where nothing is finite: a lone face is infinitely far from the nearest other one."""
    finite = values[np.isfinite(values)]
    return round(float(np.percentile(finite, percentile)), 4) if len(finite) else None


def coverage(table: Table) -> list[dict[str, Any]]:
    """How many faces there are of each pose and expression, where there are any; edges and states as in `poses`."""
    cells = sort_into_cells(table)
    names = np.stack([cells.row, cells.column, cells.mouth_open, cells.eyes_shut], 1).reshape(-1, 4)
    kinds, counts = np.unique(names, axis=0, return_counts=True)
    return [
        {
            "pitch": PITCH_NAMES[row] or "level",
            "yaw": YAW_NAMES[column] or "ahead",
            "mouth_open": bool(mouth),
            "eyes_closed": bool(eyes),
            "faces": int(count),
        }
        for (row, column, mouth, eyes), count in zip(kinds, counts, strict=True)
    ]


def told_gaps(gaps: Sequence[Gap], performer: Table) -> list[dict[str, Any]]:
    """What an identity lacks of a performer's faces, worst first, with examples of these."""
    return [
        {
            "missing": gap.sentence,
            "performer_faces": gap.faces,
            "identity_faces": gap.near,
            "distance": round(gap.distance, 2),
            "examples": [
                {"source": str(performer.sources[n]), "frame": int(performer.frames[n]), "file": performer.files[n]}
                for n in gap.examples
            ],
        }
        for gap in gaps
    ]


def describe(face: StoredFace, scores: Scores, stretched: tuple[float, float]) -> dict[str, Any]:
    """One face: pixels of its frame, where (0, 0) is the centre of the first one; yaw, pitch, roll in degrees.

    stretched: how much wider and higher than the frame's file the picture was that it was found in.
    """
    landmarks = face.landmarks.copy()
    landmarks[:, :2] = (landmarks[:, :2] + 0.5) / stretched - 0.5
    return {
        "frame": face.frame,
        "track": face.track,
        "box": _rounded(Face(landmarks, face.score, face.track).box),
        "landmarks68": _rounded(landmarks68(landmarks)),
        "landmarks478": _rounded(landmarks),
        "score": round(face.score, 4),
        "embedding": _rounded(face.embedding, 6),
        "pose": _rounded(head_pose(face.landmarks), 2),
        "landmark_model": face.landmark_model,
        "interpolated": face.interpolated,
        "repaired": face.repaired,
        "file": face.path.name,
        "source": str(face.source),
        "scores": {name: round(value, 4) for name, value in asdict(scores).items()},
    }


def _rounded(values: ArrayLike, digits: int = 3) -> Any:
    return np.round(np.asarray(values, np.float64), digits).tolist()
