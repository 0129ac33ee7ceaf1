"""Link tracklets to tracks: pieces of one person's way through a shot that were broken apart."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .recognition import SAME_PERSON, distance
from .roi import Roi

DRIFT = (
    0.25,
    0.06,
)  # how far from the place foreseen, as a part of the side: at once, and more for every frame of the gap
UNKNOWN = 0.5  # where it is not known who one of the two is, they must agree so much better in place
OTHER_PERSON = 0.75  # embeddings further apart than this are not one person even in the same place
LONGEST_MOTION = 4  # frames for which a motion goes on as it was; then it has most likely ended


@dataclass(frozen=True)
class Tracklet:
    """An unbroken piece of a track, as the tracker gave it.

    first, last: its frames. start: the squares of its first two frames, end: of its last two (the same one twice if
    it has one frame). embedding: the mean of those taken, 128 numbers, None where none was. faces: how many it has.
    """

    number: int
    shot: int
    first: int
    last: int
    start: tuple[Roi, Roi]
    end: tuple[Roi, Roi]
    embedding: NDArray[np.float32] | None
    faces: int


def link(tracklets: Sequence[Tracklet], longest_gap: int = 12) -> dict[int, int]:
    """The track of every tracklet, by its number. A track has the number of its first tracklet.

    Two pieces are one track if they are of one shot, the second begins at most `longest_gap` missing frames after
    the first ends, lies where the first would have gone, and is the same person. The nearer they are, the less
    alike they must look, for a face that turns away looks like another one. Every piece has at most one before and
    one after it, the best pairs first, so that two pieces that share a frame never are one track. The order of the
    tracklets does not matter.
    """
    ordered = sorted(tracklets, key=lambda one: (one.first, one.number))
    begins = [one.first for one in ordered]
    pairs: list[tuple[float, int, int]] = []
    for earlier in ordered:
        low = bisect_right(begins, earlier.last)
        high = bisect_left(begins, earlier.last + longest_gap + 2)
        for later in ordered[low:high]:
            cost = _cost(earlier, later)
            if cost is not None:
                pairs.append((cost, earlier.number, later.number))
    before: dict[int, int] = {}
    followed: set[int] = set()
    for _, earlier_number, later_number in sorted(pairs):
        if later_number not in before and earlier_number not in followed:
            before[later_number] = earlier_number
            followed.add(earlier_number)
    tracks: dict[int, int] = {}
    for one in ordered:
        tracks[one.number] = tracks[before[one.number]] if one.number in before else one.number
    return tracks


def _cost(earlier: Tracklet, later: Tracklet) -> float | None:
    """How little the second piece looks like the first one's continuation, 0–1; None if it is none."""
    if earlier.shot != later.shot:
        return None
    steps = later.first - earlier.last
    allowed = DRIFT[0] + DRIFT[1] * (steps - 1)
    off = min(
        _off(_ahead(earlier.end[0], earlier.end[1], steps), later.start[0]),
        _off(_ahead(later.start[1], later.start[0], steps), earlier.end[1]),
        _off(earlier.end[1], later.start[0]),
    )
    place = off / allowed
    if earlier.embedding is None or later.embedding is None:
        return place if place < UNKNOWN else None
    unlike = float(distance(earlier.embedding, later.embedding))
    limit = SAME_PERSON + (OTHER_PERSON - SAME_PERSON) * max(0.0, 1 - place) / steps
    if place >= 1 or unlike > limit:
        return None
    return (place + unlike / OTHER_PERSON) / 2


def _ahead(before: Roi, last: Roi, steps: int) -> Roi:
    """Where a square will be some frames after `last`."""
    moving = min(steps, LONGEST_MOTION)
    return last._replace(x=last.x + (last.x - before.x) * moving, y=last.y + (last.y - before.y) * moving)


def _off(a: Roi, b: Roi) -> float:
    return max(a.distance(b), abs(float(np.log(a.side / b.side))) / 2)
