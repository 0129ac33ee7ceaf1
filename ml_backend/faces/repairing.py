"""Apply an artist's repairs to the faces that were found.

They come last, after tracks, filled gaps and smoothing, so that a face is to the pixel where the artist wants it and
one that was deleted does not return as a filled gap.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ml_backend.media.frame import Pixels

from .boxes import NEAR, outness, overlap
from .canonical import canonical_mesh
from .face import Face
from .landmarks import Landmarker
from .pulling import pull
from .repair import Add, Box, Delete, Landmarks, Move, Repair
from .roi import GROW, Roi

ADDED = 1_000_000  # the number of the first track that consists of added faces only
SAME = 0.4  # an added face that overlaps another one by this is the same one
JOINS = 0.3  # a face that overlaps its neighbours in time by this is of their track
NEIGHBOURS = 12  # frames
_MIN_SCORE = 0.5

Measured = tuple[NDArray[np.float64], float]  # landmarks 478×3 and a score


class Followed(Protocol):
    """Where a track is: frames N ascending, boxes N×4. `facesets.grouping.Track` is one."""

    @property
    def number(self) -> int: ...
    @property
    def frames(self) -> NDArray[np.int64]: ...
    @property
    def boxes(self) -> NDArray[np.float64]: ...


@dataclass(frozen=True)
class Mended:
    """The faces of a frame after its repairs, by track; and the repairs whose face was not there."""

    faces: list[Face]
    missed: list[Repair]


def roi_of_box(box: Box, roll: float = 0.0) -> Roi:
    """The square to look into for a face in `box` whose head is tilted by `roll` degrees, counter-clockwise.

    How far it is turned is not known: it may be a profile.
    """
    x0, y0, x1, y1 = box
    return Roi((x0 + x1) / 2, (y0 + y1) / 2, GROW * max(x1 - x0, y1 - y0), -math.radians(roll), turned=0.8)


def wanted_places(repairs: Iterable[Repair]) -> list[tuple[int, Roi]]:
    """The frames and squares in which `apply` needs a face measured, by frame, each once."""
    places = {(one.frame, roi_of_box(one.box, one.roll)) for one in repairs if isinstance(one, Add | Move)}
    return sorted(places)


def measure(image: Pixels, rois: Sequence[Roi], landmarker: Landmarker) -> list[Measured]:
    """Landmarks and scores for squares that an artist drew in an H×W×3 RGB picture.

    Where the network sees no face there, or one elsewhere, the canonical face is put into the square, with the score
    that the network gave: the artist knows better.
    """
    points, scores = landmarker.settle(image, rois, average=True)
    found = []
    for roi, landmarks, score in zip(rois, points, scores, strict=True):
        side = roi.side / GROW
        drawn = (roi.x - side / 2, roi.y - side / 2, roi.x + side / 2, roi.y + side / 2)
        there = overlap(Face(landmarks, float(score), 0).box, drawn) >= JOINS
        good = there and score >= _MIN_SCORE
        found.append((landmarks if good else _canonical_in(roi), float(score)))
    return found


def _canonical_in(roi: Roi) -> NDArray[np.float64]:
    mesh = canonical_mesh()
    low, high = mesh.min(0), mesh.max(0)
    scale = roi.side / GROW / float((high - low)[:2].max())
    cos, sin = math.cos(roi.angle), math.sin(roi.angle)
    points: NDArray[np.float64] = (mesh - (low + high) / 2) * scale
    points[:, :2] = points[:, :2] @ np.array([[cos, sin], [-sin, cos]]) + [roi.x, roi.y]
    return points


def with_tracks(
    repairs: Mapping[int, Sequence[Repair]], tracks: Sequence[Followed], wanted: Collection[int]
) -> dict[int, list[Repair]]:
    """The repairs of one source by frame, each with the track that it is about.

    tracks: all of the source; wanted: the numbers of those of the chosen person, whose face an added one is. It joins
    the wanted track that it overlaps in its own frame or in those around; else it starts one of its own, from `ADDED`
    on, which added faces in the frames around join. A deletion over a range of frames follows the track whose face is
    at its point in the first of these frames that has one there.
    """
    known: dict[int, Repair] = {}
    adding = any(isinstance(repair, Add | Move) for ones in repairs.values() for repair in ones)
    joinable = [track for track in tracks if adding and track.number in wanted]
    lanes = [_Lane.of(track) for track in sorted(joinable, key=lambda one: one.number)]
    own: list[_Lane] = []
    for frame in sorted(repairs):
        for repair in repairs[frame]:
            if id(repair) in known:
                continue
            known[id(repair)] = repair
            if isinstance(repair, Delete) and repair.frames is not None and repair.track is None:
                known[id(repair)] = repair.model_copy(update={"track": _deleted_track(repair, tracks)})
            elif isinstance(repair, Add | Move) and repair.track is None:
                lane = _fitting(frame, repair.box, [*lanes, *own])
                if lane is None:
                    lane = _Lane(ADDED + len(own), {})
                    own.append(lane)
                lane.boxes[frame] = np.array(repair.box)
                known[id(repair)] = repair.model_copy(update={"track": lane.number})
    return {frame: [known[id(repair)] for repair in ones] for frame, ones in repairs.items()}


@dataclass
class _Lane:
    """A track that a face may join, and its boxes by frame."""

    number: int
    boxes: dict[int, NDArray[np.float64]]

    @classmethod
    def of(cls, track: Followed) -> "_Lane":
        return cls(track.number, dict(zip(track.frames.tolist(), track.boxes, strict=True)))


def _fitting(frame: int, box: Box, lanes: Sequence[_Lane]) -> _Lane | None:
    """The track that a box overlaps most: the face of its own frame, or else those next to it in time."""
    best, most = None, 0.0
    for lane in lanes:
        if frame in lane.boxes:
            here = overlap(box, lane.boxes[frame].tolist())
            enough = SAME
        else:
            around = _between(frame, lane)
            here = 0.0 if around is None else overlap(box, around.tolist())
            enough = JOINS
        if here >= enough and here > most:
            best, most = lane, here
    return best


def _between(frame: int, lane: _Lane) -> NDArray[np.float64] | None:
    """Where a track would be in a frame in which it was not seen, by the nearest frames on both sides."""
    before = next((n for n in range(frame - 1, frame - NEIGHBOURS - 1, -1) if n in lane.boxes), None)
    after = next((n for n in range(frame + 1, frame + NEIGHBOURS + 1) if n in lane.boxes), None)
    if before is None or after is None:
        near = after if before is None else before
        return None if near is None else lane.boxes[near]
    part = (frame - before) / (after - before)
    return (1 - part) * lane.boxes[before] + part * lane.boxes[after]


def _deleted_track(repair: Delete, tracks: Sequence[Followed]) -> int | None:
    """The track whose face is at the point in the earliest frame that has one there; of several the nearest."""
    found = []
    for track in tracks:
        first, last = np.searchsorted(track.frames, [repair.numbers[0], repair.numbers[-1] + 1])
        for frame, box in zip(track.frames[first:last].tolist(), track.boxes[first:last].tolist(), strict=True):
            away = outness(box, *repair.at)
            if away <= NEAR:
                found.append((frame, away, track.number))
                break
    return min(found)[2] if found else None


def apply(faces: Sequence[Face], repairs: Sequence[Repair], measured: Mapping[tuple[int, Roi], Measured]) -> Mended:
    """The faces of one frame after its repairs, one after the other.

    repairs: of this frame, from `with_tracks`. measured: has what `wanted_places` asks for. Faces that were added or
    changed are marked as repaired. A moved face that is not there is added; points of one that is not there are missed.
    """
    present = list(faces)
    missed: list[Repair] = []
    for repair in repairs:
        match repair:
            case Delete():
                present = _without(present, repair)
            case Landmarks():
                face = _face_at(present, repair.at)
                if face is None:
                    missed.append(repair)
                    continue
                points = pull(face.landmarks, repair.points)
                # the artist has seen it, and is sure
                corrected = replace(face, landmarks=points, score=1.0, interpolated=False, repaired=True)
                present = [corrected if one is face else one for one in present]
            case Add() | Move():
                landmarks, score = measured[repair.frame, roi_of_box(repair.box, repair.roll)]
                moved = _face_at(present, repair.at) if isinstance(repair, Move) else None
                track = repair.track if moved is None else moved.track
                number = _free(present) if track is None else track
                face = Face(landmarks, score, number, repaired=True)
                others = (one for one in present if one is not moved and one.track != number)
                present = [*(one for one in others if overlap(one.box, face.box) < SAME), face]
    return Mended(sorted(present, key=lambda face: face.track), missed)


def _without(faces: Sequence[Face], repair: Delete) -> list[Face]:
    if repair.track is not None:
        return [face for face in faces if face.track != repair.track]
    gone = _face_at(faces, repair.at)
    return [face for face in faces if face is not gone]


def _face_at(faces: Sequence[Face], at: tuple[float, float]) -> Face | None:
    """The face whose box has the point; of several the one whose middle is nearest by its size."""
    away = [(outness(face.box, *at), n) for n, face in enumerate(faces)]
    nearest = min(away, default=None)
    return faces[nearest[1]] if nearest is not None and nearest[0] <= NEAR else None


def _free(faces: Sequence[Face]) -> int:
    taken = {face.track for face in faces}
    return next(n for n in range(ADDED, ADDED + len(taken) + 1) if n not in taken)


def deleted(track: Followed, repairs: Mapping[int, Sequence[Repair]]) -> NDArray[np.bool_]:
    """N: the frames of a track in which its face is deleted: what is to be left out before people are told apart.

    repairs: of the track's source by frame, from `with_tracks`.
    """
    gone = np.zeros(len(track.frames), np.bool_)
    for n in np.flatnonzero(np.isin(track.frames, list(repairs))):
        for repair in repairs[int(track.frames[n])]:
            if isinstance(repair, Delete):
                here = outness(track.boxes[n].tolist(), *repair.at) <= NEAR
                gone[n] |= here if repair.track is None else repair.track == track.number
    return gone
