"""From what was seen frame by frame to faces: tracks that outlast a short loss, without gaps and without jitter."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby, pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml_backend.faces.canonical import head_pose
from ml_backend.faces.face import Face
from ml_backend.faces.gaps import interpolate
from ml_backend.faces.linking import link
from ml_backend.faces.repair import Repair
from ml_backend.faces.repairing import Measured, apply, deleted, with_tracks
from ml_backend.faces.roi import Roi
from ml_backend.faces.slipping import REACH, UNSURE, slipped
from ml_backend.faces.smoothing import reach, smooth

from .grouping import Track
from .observations import Course, Observations, Seen

LONGEST_GAP = 12  # frames that are filled by interpolation: half a second
WINDOW = 128  # frames whose landmarks are in memory at once, besides those that the smoothing reaches


@dataclass(frozen=True)
class Footage:
    """The faces of one source as far as it was looked at."""

    observations: Observations
    path: Path
    source: int
    strength: float
    """How much the landmarks are smoothed over time, see `smoothing.smooth`."""
    repairs: Mapping[int, Sequence[Repair]] = field(default_factory=dict)
    """An artist's corrections by frame."""
    measured: Mapping[tuple[int, Roi], Measured] = field(default_factory=dict)
    """The faces in the places that the artist drew."""
    missed: dict[int, str] = field(default_factory=dict)
    """The frames with a repair whose face is not there, and what it wanted; known when `faces` has come by."""

    @cached_property
    def _courses(self) -> list[Course]:
        return self.observations.courses(self.source)

    @cached_property
    def _track_of(self) -> dict[int, int]:
        """The track of every tracklet."""
        return link([course.tracklet for course in self._courses], LONGEST_GAP)

    @cached_property
    def tracks(self) -> list[Track]:
        """Every track, by number."""
        parts: dict[int, list[Course]] = defaultdict(list)
        for course in self._courses:
            parts[self._track_of[course.tracklet.number]].append(course)
        return [self._joined(number, courses) for number, courses in sorted(parts.items())]

    @property
    def people(self) -> list[Track]:
        """The tracks to tell people apart by: without those that an artist deleted as a whole."""
        repairs = with_tracks(self.repairs, self.tracks, [track.number for track in self.tracks])
        return [track for track in self.tracks if not deleted(track, repairs).all()]

    def _joined(self, number: int, courses: Sequence[Course]) -> Track:
        ordered = sorted(courses, key=lambda course: course.tracklet.first)
        return Track(
            source=self.path,
            number=number,
            frames=np.concatenate([course.frames for course in ordered]),
            embeddings=np.concatenate([course.embeddings for course in ordered]),
            boxes=np.concatenate([course.boxes for course in ordered]),
            eyes=float(np.median(np.concatenate([course.eyes for course in ordered]))),
        )

    @cached_property
    def frames(self) -> list[int]:
        """The numbers of the frames that were looked at, ascending."""
        return self.observations.frames(self.source)

    def faces(self, wanted: Collection[int], span: tuple[int, int] | None = None) -> Iterator[tuple[int, list[Face]]]:
        """The faces of the tracks `wanted` in every frame that has one, by frame and track; repairs are applied.

        span: the first and the last frame that are asked for; all where absent.

        Some frames at a time are in memory.
        """
        repairs = with_tracks(self.repairs, self.tracks, wanted)
        beyond = max(reach(self.strength) + LONGEST_GAP + 2, REACH + 1)
        first, last = (self.frames[0], self.frames[-1]) if self.frames else (0, -1)
        if span is not None:
            first, last = max(first, span[0]), min(last, span[1])
        for start in range(first, last + 1, WINDOW):
            end = min(start + WINDOW - 1, last)
            seen = [
                (self._track_of[one.tracklet], one)
                for one in self.observations.between(self.source, start - beyond, end + beyond)
                if self._track_of[one.tracklet] in wanted
            ]
            shots = self.observations.shots(self.source, start - beyond, end + beyond)
            found: dict[int, list[Face]] = defaultdict(list)
            for track, group in groupby(sorted(seen, key=lambda item: (item[0], item[1].frame)), lambda item: item[0]):
                for frame, face in self._steadied(track, with_doubts([one for _, one in group], shots)):
                    if start <= frame <= end:
                        found[frame].append(face)
            for frame in sorted(found.keys() | (repairs.keys() & set(range(start, end + 1)))):
                faces = self._repaired(frame, found.get(frame, []), repairs.get(frame, ()))
                if faces:
                    yield frame, faces

    def _repaired(self, frame: int, faces: list[Face], repairs: Sequence[Repair]) -> list[Face]:
        mended = apply(faces, repairs, self.measured)
        if mended.missed:
            self.missed[frame] = mended.missed[0].action
        return mended.faces

    def _steadied(self, track: int, seen: Sequence[Seen]) -> Iterator[tuple[int, Face]]:
        """One track's faces with its short gaps filled, smoothed in every run without a gap."""
        for run in _without_gaps(seen):
            filled = list(_filled(run))
            landmarks = smooth(np.stack([points for _, points, _ in filled]), self.strength)
            for (frame, _, score), points in zip(filled, landmarks, strict=True):
                yield frame, Face(points, 0.0 if score is None else score, track, interpolated=score is None)


def with_doubts(seen: Sequence[Seen], shots: Mapping[int, int]) -> list[Seen]:
    """One track's faces, with low scores for those that the landmarks slipped off before a loss or after a find.

    shots: of the frames that were looked at. A cut, or the end of what was looked at, is no loss.
    """
    ends = [n for n in range(1, len(seen) + 1) if n == len(seen) or seen[n].frame != seen[n - 1].frame + 1]
    doubted: set[int] = set()
    for start, end in pairwise([0, *ends]):
        found, lost = range(start, min(end, start + REACH))[::-1], range(max(start, end - REACH), end)
        for piece, beside in ((found, -1), (lost, 1)):
            edge = seen[piece[-1]].frame
            if edge in shots and shots.get(edge + beside) == shots[edge]:
                yaws = np.array([head_pose(seen[n].landmarks)[0] for n in piece])
                doubted.update(n for n, slip in zip(piece, slipped(yaws), strict=True) if slip)
    return [replace(one, score=min(one.score, UNSURE)) if n in doubted else one for n, one in enumerate(seen)]


def _without_gaps(seen: Sequence[Seen]) -> Iterator[list[Seen]]:
    """Pieces of one track between losses that are too long to be filled."""
    run: list[Seen] = []
    for one in seen:
        if run and one.frame - run[-1].frame > LONGEST_GAP + 1:
            yield run
            run = []
        run.append(one)
    if run:
        yield run


def _filled(run: Sequence[Seen]) -> Iterator[tuple[int, NDArray[np.float64], float | None]]:
    """Frame, landmarks and score of every frame of a run; no score where the face was not seen."""
    for n, one in enumerate(run):
        missing = one.frame - run[n - 1].frame - 1 if n else 0
        if missing:
            before = _pair(run, n - 1, n - 2)
            after = _pair(run, n, n + 1)
            between = interpolate(np.stack(before[::-1]), np.stack(after), missing)
            for step, points in enumerate(between, 1):
                yield run[n - 1].frame + step, points, None
        yield one.frame, one.landmarks, one.score


def _pair(run: Sequence[Seen], near: int, far: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The landmarks next to a gap and those of the frame beside; the same twice where that frame has none."""
    neighbour = 0 <= far < len(run) and abs(run[far].frame - run[near].frame) == 1
    return run[near].landmarks, run[far if neighbour else near].landmarks
