"""What a faceset says of its faces without a look at their pictures."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml_backend.faces.canonical import head_pose
from ml_backend.faces.expression import features_middle, measure_expression, of_open_eyes, usual_middle
from ml_backend.facesets.masks import painted_file, predicted_file
from ml_backend.facesets.store import Faceset, StoredFace


@dataclass(frozen=True)
class Known:
    """Of N faces: poses, places, embedding and middle as in TrainingFaces.

    eyes: N, how open they are, of this person's open eyes. key: other as soon as anything that makes the planes of
    these faces is another.
    """

    poses: NDArray[np.float64]
    eyes: NDArray[np.float64]
    places: NDArray[np.int64]
    embedding: NDArray[np.float32]
    middle: tuple[float, float] | None
    key: str

    def __len__(self) -> int:
        return len(self.poses)


def seen_faces(faceset: Faceset) -> Iterator[StoredFace]:
    """The faces to learn from: others may show a hand, or lie beside the face."""
    return (face for face in faceset.stream() if face.is_sure)


def know(faceset: Faceset) -> Known:
    """In memory for all faces: their embeddings, poses and places, not their landmarks."""
    poses: list[tuple[float, float]] = []
    places: list[tuple[int, int, int]] = []
    embeddings: list[NDArray[np.float32]] = []
    middles: list[NDArray[np.float64]] = []
    mouths: list[float] = []
    eyes: list[float] = []
    sources: dict[Path, int] = {}
    digest = hashlib.sha256(faceset.info.model_dump_json().encode())
    for face in seen_faces(faceset):
        poses.append(head_pose(face.landmarks)[:2])
        places.append((sources.setdefault(face.source, len(sources)), face.track, face.frame))
        embeddings.append(face.embedding)
        middles.append(features_middle(face.landmarks))
        expression = measure_expression(face.landmarks)
        mouths.append(expression.mouth)
        eyes.append((expression.eye_left + expression.eye_right) / 2)
        for file in (face.path, painted_file(face), predicted_file(face)):
            digest.update(f"{file.name} {_state(file)}\n".encode())
        digest.update(face.landmarks.tobytes() + face.matrix.tobytes())
    return Known(
        np.array(poses, np.float64).reshape(-1, 2),
        of_open_eyes(np.array(eyes, np.float64)),
        np.array(places, np.int64).reshape(-1, 3),
        np.asarray(np.mean(embeddings or np.zeros((1, 128)), axis=0, dtype=np.float64), np.float32),
        usual_middle(np.array(middles), np.array(mouths)) if middles else None,
        digest.hexdigest()[:16],
    )


def _state(file: Path) -> str:
    try:
        found = file.stat()
    except OSError:
        return "missing"
    return f"{found.st_size} {found.st_mtime_ns}"
