"""Who is on the footage: the tracks of one or many sources, gathered into persons."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .persons import middle

# Two groups of faces are one person where their middles are nearer than sqrt(NEAR² + SPREAD · (1/m + 1/n)), with m and
# n samples. A middle of few samples is less sure, so the limit widens: 0.40 for many, 0.51 for two single faces. With
# renders of seven actors, up to 68° of yaw, dark, small and blurred ones too, 0.7 % of the faces joined a wrong person
# and 4 % were parted from their own; limits wider by a tenth join ten times as many wrongly.
NEAR = 0.38
SPREAD = 0.06
MOST_SAMPLES = 8  # neighbouring frames resemble one another: more of them do not make a middle surer
MARGIN = 0.06  # a face is a stranger's where another person is nearer by this


@dataclass(frozen=True, eq=False)
class Track:
    """One track's faces in N frames of a source, ascending; x0, y0, x1, y1 of each in pixels.

    embeddings are those of some of its faces, K×128 with K ≥ 0; eyes is the median distance of the outer eye corners
    in pixels.
    """

    source: Path
    number: int
    frames: NDArray[np.int64]
    embeddings: NDArray[np.float32]
    boxes: NDArray[np.float64]
    eyes: float

    @property
    def key(self) -> tuple[str, int]:
        """What tells this track from all others, and puts them in order."""
        return str(self.source), self.number


@dataclass(frozen=True, eq=False)
class Person:
    """Somebody's tracks, in the order of their sources and numbers. The embedding is NaN where no track has any."""

    tracks: tuple[Track, ...]
    embedding: NDArray[np.float64] = field(repr=False)
    faces: int

    @property
    def importance(self) -> float:
        """Faces × size: the sum of the eye distances of all faces, in pixels."""
        return sum(track.eyes * len(track.frames) for track in self.tracks)


def group(tracks: Sequence[Track]) -> list[Person]:
    """The persons of these tracks, the most important first (faces × size).

    A track is judged as a whole, by the middle of its embeddings: one turned or blurred face says little. The two
    groups that are nearest to one another, measured by their limit, become one until none are near enough. Two tracks
    that share a frame of a source are never one person, nor is a track without embeddings anybody else's. Neither
    chance nor the order of `tracks` has a part in it.
    Source: Davidson & Ravi, "Agglomerative hierarchical clustering with constraints", 2005.
    """
    known = sorted((track for track in tracks if len(track.embeddings)), key=lambda track: track.key)
    unknown = [(track,) for track in tracks if not len(track.embeddings)]
    persons = [_person(members) for members in (*_gathered(known), *unknown)]
    return sorted(persons, key=lambda person: (-person.importance, person.tracks[0].key))


def stranger(embedding: NDArray[np.floating], wanted: Sequence[Person], others: Sequence[Person]) -> bool:
    """Is this face (128), found in a track of the wanted, nearer to one of the others by `MARGIN`?

    That is so where a track went over from one person to another. The margin keeps turned and blurred faces of the
    right person, whose embeddings lie between the people.
    """
    return _distance(embedding, others) + MARGIN < _distance(embedding, wanted)


def _distance(embedding: NDArray[np.floating], persons: Sequence[Person]) -> float:
    """From an embedding to the nearest person; infinite where nobody is known."""
    away = [float(np.linalg.norm(embedding - person.embedding)) for person in persons]
    return min((one for one in away if not math.isnan(one)), default=math.inf)


def _person(tracks: Sequence[Track]) -> Person:
    samples = np.concatenate([track.embeddings for track in tracks])
    embedding = middle(samples) if len(samples) else np.full(128, np.nan)
    ordered = tuple(sorted(tracks, key=lambda track: track.key))
    return Person(ordered, embedding, sum(len(track.frames) for track in tracks))


def _gathered(tracks: Sequence[Track]) -> list[tuple[Track, ...]]:
    """Tracks that have embeddings, in order, as groups of one person each."""
    members: list[list[int]] = [[n] for n in range(len(tracks))]
    if len(tracks) < 2:
        return [(track,) for track in tracks]
    points = np.array([track.embeddings.mean(0, dtype=np.float64) for track in tracks])
    samples = np.array([min(len(track.embeddings), MOST_SAMPLES) for track in tracks], np.float64)
    apart = _apart(tracks)
    away = np.array([_away(n, points, samples, apart) for n in range(len(tracks))])
    nearest = away.argmin(1)
    while True:
        rows = away[np.arange(len(away)), nearest]
        first = int(rows.argmin())
        if rows[first] > 1:
            return [tuple(tracks[n] for n in group) for group in members if group]
        a, b = sorted((first, int(nearest[first])))
        total = samples[a] + samples[b]
        points[a] = (points[a] * samples[a] + points[b] * samples[b]) / total
        samples[a] = total
        apart[a] |= apart[b]
        apart[:, a] |= apart[:, b]
        apart[b] = apart[:, b] = True
        members[a] += members[b]
        members[b] = []
        away[a] = away[:, a] = _away(a, points, samples, apart)
        away[b] = away[:, b] = np.inf
        # A group that is now nearest to `a` need not know: the row of `a` does.
        stale = np.flatnonzero((nearest == a) | (nearest == b))
        nearest[stale] = away[stale].argmin(1)
        nearest[a] = away[a].argmin()


def _away(
    one: int, points: NDArray[np.float64], samples: NDArray[np.float64], apart: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """N: the distances of one group from all, 1 at the limit, infinite where they cannot be one person."""
    spread = 1 / np.minimum(samples, MOST_SAMPLES)
    limit = np.sqrt(NEAR**2 + SPREAD * (spread + spread[one]))
    squares = np.einsum("nd,nd->n", points, points)
    squares += squares[one] - 2 * (points @ points[one])
    return np.where(apart[one], np.inf, np.sqrt(np.maximum(squares, 0)) / limit)


def _apart(tracks: Sequence[Track]) -> NDArray[np.bool_]:
    """N×N: which tracks share a frame of one source, and each with itself."""
    names = np.array([str(track.source) for track in tracks])
    first = np.array([track.frames[0] for track in tracks])
    last = np.array([track.frames[-1] for track in tracks])
    apart = np.eye(len(tracks), dtype=np.bool_)
    for n, track in enumerate(tracks):
        near = np.flatnonzero((names == names[n]) & (first <= last[n]) & (last >= first[n]))
        for other in near[near > n]:
            shared = np.intersect1d(track.frames, tracks[other].frames, assume_unique=True)
            apart[n, other] = apart[other, n] = bool(len(shared))
    return apart
