"""Find the performer on the whole plate before the first pixel is made: which faces, and where."""

import hashlib
import json
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml_backend import __version__, atomic
from ml_backend.errors import Cancelled
from ml_backend.faces.recognition import Recogniser, distance
from ml_backend.faces.regions import LANDMARK_MODEL, eye_distance
from ml_backend.faces.smoothing import smooth
from ml_backend.faces.tracking import FaceTracker
from ml_backend.media.source import Source
from ml_backend.progress import Reporter

from .footage import footage_state
from .settings import SwapSettings

EMBED_EVERY = 10  # frames between two embeddings of a track
MOST_DISTANT = 0.6  # from the performer's mean embedding; the mean of the wrong person lies further away


@dataclass(frozen=True)
class PlateFaces:
    """All faces of a plate, a row each: frame number, track, landmarks N×478×3, embedding (NaN where not taken)."""

    frames: NDArray[np.int64]
    tracks: NDArray[np.int64]
    landmarks: NDArray[np.float64]
    embeddings: NDArray[np.float32]


def find_faces(source: Source, cache: Path, reporter: Reporter) -> PlateFaces:
    """Track every face of the plate; the result is kept in `cache` for the next call on the same frames."""
    file = cache / f"faces-{_fingerprint(source)}.npz"
    found = _read(file) if file.exists() else None
    if found is None:
        found = _track(source, reporter)
        buffer = BytesIO()
        np.savez(buffer, **vars(found))
        atomic.write_bytes(file, buffer.getvalue())
    return found


def _read(file: Path) -> PlateFaces | None:
    """The faces kept in `file`; None where it is damaged."""
    try:
        with np.load(file, allow_pickle=False) as stored:
            faces = PlateFaces(stored["frames"], stored["tracks"], stored["landmarks"], stored["embeddings"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        return None
    n = len(faces.frames)
    shapes = [array.shape for array in vars(faces).values()]
    return faces if shapes == [(n,), (n,), (n, 478, 3), (n, 128)] else None


def _track(source: Source, reporter: Reporter) -> PlateFaces:
    recogniser = Recogniser()
    tracker = FaceTracker(recogniser=recogniser)
    frames, tracks, landmarks, embeddings = [], [], [], []
    seen: dict[int, int] = {}
    for done, frame in enumerate(source.frames(), 1):
        for face in tracker(frame.image):
            count = seen[face.track] = seen.get(face.track, -1) + 1
            taken = count % EMBED_EVERY == 0
            frames.append(frame.number)
            tracks.append(face.track)
            landmarks.append(face.landmarks)
            embeddings.append(
                recogniser.embed(frame.image, face.landmarks) if taken else np.full(128, np.nan, np.float32)
            )
        reporter.progress("find faces", done, len(source.numbers))
        if reporter.stop_requested():
            raise Cancelled
    return PlateFaces(
        np.array(frames, np.int64),
        np.array(tracks, np.int64),
        np.array(landmarks, np.float64).reshape(-1, 478, 3),
        np.array(embeddings, np.float32).reshape(-1, 128),
    )


def _fingerprint(source: Source) -> str:
    """Changes with the source's files, the selected frames, and what finds the faces in them."""
    value = [__version__, LANDMARK_MODEL, footage_state(source.info), source.numbers]
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:16]


def choose(
    faces: PlateFaces, settings: SwapSettings, performer: NDArray[np.float32] | None
) -> Mapping[int, Sequence[NDArray[np.float64]]]:
    """The landmarks (478×3, smoothed over time) of the faces to replace, by frame number.

    performer: the mean embedding of the person filmed; needed where `settings.faces` is "performer".
    """
    wanted = _wanted_tracks(faces, settings, performer)
    smoothed = faces.landmarks.copy()
    for track in wanted:
        rows = np.flatnonzero(faces.tracks == track)
        for run in np.split(rows, np.flatnonzero(np.diff(faces.frames[rows]) != 1) + 1):
            size = float(np.median([eye_distance(landmarks) for landmarks in faces.landmarks[run]]))
            smoothed[run] = smooth(faces.landmarks[run], size, settings.smooth)
    chosen: dict[int, list[NDArray[np.float64]]] = {}
    for row, (frame, track) in enumerate(zip(faces.frames.tolist(), faces.tracks.tolist(), strict=True)):
        if track in wanted:
            chosen.setdefault(frame, []).append(smoothed[row])
    if settings.faces == "largest":
        return {frame: [max(several, key=eye_distance)] for frame, several in chosen.items()}
    return chosen


def _wanted_tracks(faces: PlateFaces, settings: SwapSettings, performer: NDArray[np.float32] | None) -> set[int]:
    tracks = set(faces.tracks.tolist())
    if settings.faces != "performer" or performer is None:
        return tracks
    wanted = set()
    for track in tracks:
        embeddings = faces.embeddings[faces.tracks == track]
        mean = np.nanmean(embeddings, axis=0)
        if distance(mean, performer) < MOST_DISTANT:
            wanted.add(track)
    return wanted
