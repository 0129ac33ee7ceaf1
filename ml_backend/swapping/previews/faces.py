"""Which faces a swap would replace on one frame, and where they are, without looking at the whole plate."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml_backend.faces.detection import CenterFace
from ml_backend.faces.face import Face
from ml_backend.faces.landmarks import Landmarker
from ml_backend.faces.recognition import Recogniser
from ml_backend.faces.repairs import read_repairs
from ml_backend.faces.tracking import FaceTracker
from ml_backend.facesets.database import damage
from ml_backend.facesets.mending import with_repairs
from ml_backend.facesets.observations import Observations
from ml_backend.facesets.resolve import Footage
from ml_backend.media.frame import Frame
from ml_backend.media.source import Source
from ml_backend.swapping.plan import Plan, nearest, open_observations, wanted_tracks
from ml_backend.swapping.settings import SwapSettings


@dataclass(frozen=True)
class Eyes:
    """The networks that find faces."""

    landmarker: Landmarker
    recogniser: Recogniser
    detector: CenterFace


@dataclass(frozen=True)
class Wanted:
    """Which faces: the settings that do not change over time; the mean embedding of the performer, where it is asked
    for; a repairs.json of an artist; and how many frames before and after it a frame's picture depends on."""

    settings: SwapSettings
    performer: NDArray[np.float32] | None
    repairs: Path | None
    reach: int


@dataclass(frozen=True)
class FrameFaces:
    """faces: those to replace on the frame, and on the frames around it as far as they are known, by number.

    steadied: smoothed over the frames around. message: why there is none to replace; empty where there is one.
    """

    faces: Mapping[int, Sequence[Face]]
    steadied: bool
    message: str


@dataclass(frozen=True)
class _Part(Footage):
    """Footage of which some frames are asked for. Their faces still depend on those of the frames around them."""

    numbers: tuple[int, ...] = ()

    @cached_property
    def frames(self) -> list[int]:
        return list(self.numbers)


def find_frame_faces(frame: Frame, source: Source, seen_by_swap: Path | None, eyes: Eyes, wanted: Wanted) -> FrameFaces:
    """The faces to replace on `frame` of `source`.

    seen_by_swap: a file of a swap's observations, used where it is whole and has this frame; the swap may still be
    running. Otherwise the frame is looked at alone. Raises as `with_repairs` does.
    """
    with _seen(seen_by_swap, eyes.landmarker) as observations:
        known = set(observations.frames(observations.source(source.info.path))) if observations else set()
        if observations and frame.number in known:
            near = range(frame.number - wanted.reach, frame.number + wanted.reach + 1)
            numbers = tuple(sorted(known & set(near) & set(source.numbers)))
            return _chosen(observations, numbers, True, frame.number, source, eyes, wanted)
    with Observations.open(Path(":memory:"), {}) as observations:
        tracker = FaceTracker(eyes.landmarker, eyes.recogniser, eyes.detector)
        found = tracker(frame.image)
        of = observations.source(source.info.path)
        observations.add(of, [(frame.number, tracker.state.shot, found)], tracker.state)
        return _chosen(observations, (frame.number,), False, frame.number, source, eyes, wanted)


@contextmanager
def _seen(file: Path | None, landmarker: Landmarker) -> Iterator[Observations | None]:
    """A swap's observations, where the file is there and whole."""
    if file is None or not file.is_file() or damage(file):
        yield None
        return
    with open_observations(file, landmarker) as observations:
        yield observations


def _chosen(
    observations: Observations,
    numbers: tuple[int, ...],
    steadied: bool,
    number: int,
    source: Source,
    eyes: Eyes,
    wanted: Wanted,
) -> FrameFaces:
    path, settings = source.info.path.resolve(), wanted.settings
    footage: Footage = _Part(observations, path, observations.source(path), settings.smooth, numbers=numbers)
    if wanted.repairs:
        footage = with_repairs(footage, read_repairs(wanted.repairs, required=True), source, eyes.landmarker)
    plan = Plan(footage, wanted_tracks(footage, settings, wanted.performer), settings.gaps)
    faces = dict(plan.faces(numbers))
    message = "" if faces[number] else _nobody(footage, number, steadied, wanted.performer)
    return FrameFaces(faces, steadied, message)


def _nobody(footage: Footage, number: int, steadied: bool, performer: NDArray[np.float32] | None) -> str:
    away = None if performer is None else nearest(footage, performer)
    if away is None or steadied:
        return f"There is no face to replace on frame {number}."
    return (
        f"None of the faces on frame {number} is the performer's, looked at alone (the nearest is {away:.2f} away). "
        "A swap looks at the whole shot and knows better; faces=largest or faces=all takes whoever is there."
    )
