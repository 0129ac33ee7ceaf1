"""The faces that the product finds in a clip, beside the true ones."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from synthetic.matching import match
from synthetic.truth import TrueFace, TrueFrame, read_truth

from ml_backend.faces.face import Face
from ml_backend.faces.landmarks import open_landmarker
from ml_backend.faces.recognition import Recogniser
from ml_backend.faces.regions import landmarks68
from ml_backend.faces.tracking import FaceTracker
from ml_backend.facesets.observations import Observations
from ml_backend.facesets.observe import observe
from ml_backend.facesets.resolve import Footage
from ml_backend.media.source import open_source


@dataclass(frozen=True)
class Pair:
    """A true face and the found one that is it, both as measured and smoothed (478×3); None where it was not found."""

    frame: int
    shot: int
    true: TrueFace
    raw: Face | None
    smooth: Face | None


@dataclass(frozen=True)
class Measured:
    """A clip, the truth and what was found. `faces` of all tracks by frame: raw, and smoothed as extraction does."""

    movie: Path
    observations: Path
    truth: list[TrueFrame]
    raw: dict[int, list[Face]]
    smooth: dict[int, list[Face]]
    tracks: int

    @cached_property
    def pairs(self) -> list[Pair]:
        """Every true face."""
        found = []
        for frame in self.truth:
            pair = [_by_place(faces.get(frame.number, []), frame) for faces in (self.raw, self.smooth)]
            for place, face in enumerate(frame.faces):
                found.append(Pair(frame.number, frame.shot, face, pair[0].get(place), pair[1].get(place)))
        return found

    @cached_property
    def false(self) -> int:
        """Found faces where there is none, interpolated ones included."""
        count = 0
        for frame in self.truth:
            faces = [landmarks68(face.landmarks) for face in self.smooth.get(frame.number, [])]
            count += match(faces, frame.faces).count(None)
        return count

    def series(self, who: str) -> list[list[Pair]]:
        """Unbroken runs of found faces of one person, inside of shots."""
        runs: list[list[Pair]] = []
        for pair in self.pairs:
            if pair.true.who != who or pair.raw is None or pair.smooth is None:
                continue
            if runs and runs[-1][-1].frame == pair.frame - 1 and runs[-1][-1].shot == pair.shot:
                runs[-1].append(pair)
            else:
                runs.append([pair])
        return runs


def _by_place(faces: list[Face], frame: TrueFrame) -> dict[int, Face]:
    places = match([landmarks68(face.landmarks) for face in faces], frame.faces)
    return {place: face for place, face in zip(places, faces, strict=True) if place is not None}


def measure(movie: Path, folder: Path, landmarks: str, average: bool) -> Measured:
    """Look at a clip as extraction does, and resolve it with and without smoothing; observations are kept in folder."""
    name = hashlib.sha256(str(movie.resolve()).encode()).hexdigest()[:12]
    file = folder / f"{name}.sqlite"
    source = open_source(movie)
    landmarker = open_landmarker(landmarks)
    settings = {"landmarks": landmarker.id, "average": average}
    with Observations.open(file, settings) as observations:
        number = observations.source(source.info.path)
        if not observations.frames(number):
            tracker = FaceTracker(landmarker, Recogniser(), average=average)
            observe(source, source.numbers, observations, tracker, lambda: False)
        resolved: list[dict[int, list[Face]]] = []
        for strength in (0.0, 1.0):
            footage = Footage(observations, source.info.path.resolve(), number, strength)
            tracks = [track.number for track in footage.tracks]
            resolved.append(dict(footage.faces(tracks)))
    return Measured(movie, file, read_truth(movie), resolved[0], resolved[1], len(tracks))


def points68(pairs: list[Pair], kind: str) -> NDArray[np.float64]:
    """T×68×2 of a run: kind is true, raw or smooth."""
    if kind == "true":
        return np.stack([pair.true.landmarks for pair in pairs])
    return np.stack([landmarks68(getattr(pair, kind).landmarks) for pair in pairs])
