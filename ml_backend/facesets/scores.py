"""What can be said of each face by looking at it; measured once and kept in the faceset's index."""

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml_backend.errors import BackendError, Cancelled
from ml_backend.faces.alignment import FACE, Framing
from ml_backend.faces.canonical import head_pose, shape_residual
from ml_backend.faces.expression import measure_expression
from ml_backend.faces.light import luminance, measure_light
from ml_backend.faces.sharpness import sharpness
from ml_backend.progress import Reporter

from .look import LENGTH, look
from .masks import occlusion
from .store import Faceset, FacesetInfo, StoredFace

VERSION = 3  # of all that is measured here: faces that were measured by another version are measured again
_CHUNK = 64  # faces that are measured again after a kill


@dataclass(frozen=True)
class Scores:
    """Of one face. Units: `faces.sharpness`, `faces.light` (0–1), degrees as in `faces.canonical`, `faces.expression`.

    size: the side in the source's pixels of the square around the face. shape: `faces.canonical.shape_residual`,
    high where landmarks are beside the face. covered: the part of its oval that a painted or predicted mask says is
    covered, 0 without a mask.
    """

    sharpness: float
    skin: float
    dark: float
    bright: float
    hue: float
    yaw: float
    pitch: float
    roll: float
    mouth: float
    width: float
    smile: float
    eye_left: float
    eye_right: float
    brow: float
    size: float
    shape: float
    covered: float = 0.0


NAMES = tuple(field.name for field in fields(Scores))


@dataclass(frozen=True)
class Measured:
    """A face with all that was measured. `look` is that of `look.look`."""

    face: StoredFace
    scores: Scores
    look: NDArray[np.float16]


def measure(face: StoredFace, info: FacesetInfo) -> tuple[Scores, NDArray[np.float16]]:
    """The scores and the look of one face; reads its picture. Raises BackendError where that is damaged."""
    try:
        image = face.read_crop()
    except BackendError as error:
        fix = "ml-backend faceset check names all such pictures; delete them, and all other faces stay."
        raise BackendError(error.message, fix) from error
    if image.shape != (info.size, info.size, 3):
        raise BackendError(
            f"{face.path} has the shape {image.shape} and not that of a face of this faceset, "
            f"{info.size}×{info.size}×3.",
            "Put the picture back as it was, or delete it.",
        )
    points, grey = face.crop_landmarks, luminance(image)
    eyes = info.size / info.framing_side
    enlarged = float(np.sqrt(abs(np.linalg.det(face.matrix[:, :2]))))
    light = measure_light(image, points)
    yaw, pitch, roll = head_pose(face.landmarks)
    scores = Scores(
        sharpness=sharpness(grey, points, eyes, enlarged),
        **asdict(light),
        yaw=yaw,
        pitch=pitch,
        roll=roll,
        **asdict(measure_expression(face.landmarks)),
        size=eyes * FACE.side / enlarged,
        shape=shape_residual(face.landmarks),
    )
    return scores, look(grey, points, Framing(info.framing, info.framing_side, info.framing_down))


def measured(faceset: Faceset, reporter: Reporter, left_out: bool = False) -> Iterator[Measured]:
    """The faces of `Faceset.stream` with their scores, each measured where the index has no scores of its picture.

    New scores enter the index some faces at a time. Where it cannot be written, they are given all the same. Raises
    BackendError for a damaged picture or index, Cancelled when asked to stop.
    """
    total = len(faceset.pictures())
    faces, done = faceset.stream(left_out), 0
    while chunk := list(islice(faces, _CHUNK)):
        yield from _measured_chunk(faceset, chunk)
        done += len(chunk)
        reporter.progress("measure", done, max(total, done))
        if reporter.stop_requested():
            raise Cancelled
    reporter.progress("measure", max(total, done), max(total, done))


def _measured_chunk(faceset: Faceset, chunk: Sequence[StoredFace]) -> list[Measured]:
    names = [face.path.name for face in chunk]
    query = "SELECT file, version, bytes, modified, scores, look FROM measured WHERE file"
    known = {row[0]: row[1:] for row in faceset.read_some(query, names, "measured")}
    results, rows = [], []
    for face in chunk:
        stamp = file_stamp(face.path)
        if face.path.name in known and known[face.path.name][:3] == (VERSION, *stamp):
            scores, seen = _from_index(faceset, *known[face.path.name][3:])
        else:
            digest = sha256(face.path)
            scores, seen = measure(face, faceset.info)
            rows.append((face.path.name, VERSION, *stamp, digest, json.dumps(asdict(scores)), seen.tobytes()))
        # masks come and go after the picture was measured
        results.append(Measured(face, replace(scores, covered=occlusion(face, faceset.info.size)), seen))
    if rows and can_write(faceset):
        with faceset.index() as index, index:
            index.executemany("INSERT OR REPLACE INTO measured VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    return results


def _from_index(faceset: Faceset, scores: Any, seen: Any) -> tuple[Scores, NDArray[np.float16]]:
    try:
        values = np.frombuffer(seen, np.float16)
        known = Scores(**json.loads(scores))
        if values.shape != (LENGTH,) or not np.isfinite([*asdict(known).values()]).all():
            raise ValueError("a row of scores has numbers that are none")
    except (TypeError, ValueError) as error:
        raise faceset.damaged(error) from error
    return known, values


def file_stamp(path: Path) -> tuple[int, int]:
    """Bytes and time of the last change (ns): when neither has changed, the file is taken for the same."""
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def can_write(faceset: Faceset) -> bool:
    """May this process write to the index?"""
    return os.access(faceset.folder, os.W_OK) and os.access(faceset.folder / "index.sqlite", os.W_OK)
