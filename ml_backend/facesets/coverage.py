"""What a performer does and an identity was never seen doing."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .poses import STATES, Cells, pose_in_words, sort_into_cells
from .table import Table

# A face is covered by another one whose scores differ by no more than this.
_NEAR_POSE = {"yaw": 12.0, "pitch": 10.0}
_NEAR_EXPRESSION = {"mouth": 0.07, "eyes": 0.4}
_BLOCK = 256
EXAMPLES = 4


@dataclass(frozen=True)
class Gap:
    """Faces of the performer that no face of the identity comes near, which have one thing in common.

    words: what they do. faces: the performer's such faces. near: how many faces of the identity do what the words
    say, though not as much. distance: how far away the identity stays on average, where 1 is just covered.
    members: these faces, as rows of the performer's table. examples: some of them, spread over all.
    """

    words: str
    faces: int
    near: int
    distance: float
    members: list[int]
    examples: list[int]

    @property
    def sentence(self) -> str:
        """For the artist."""
        if not self.near:
            return f"no frames {self.words}"
        return f"only {self.near} {'frame' if self.near == 1 else 'frames'} {self.words}, none like the performer's"


def find_gaps(identity: Table, performer: Table) -> list[Gap]:
    """What the identity lacks, worst first: by how many of the performer's faces are concerned, and how far they are.

    A pose that is missing is told once and not again with every expression; so is an expression that is missing in
    any pose.
    """
    if not len(performer):
        return []
    pose = _distance(identity, performer, _NEAR_POSE)
    expression = _distance(identity, performer, _NEAR_EXPRESSION)
    both = _distance(identity, performer, _NEAR_POSE | _NEAR_EXPRESSION)
    theirs, ours = sort_into_cells(performer), sort_into_cells(identity)
    groups: dict[tuple[int, int, int], list[int]] = defaultdict(list)
    worst = np.zeros(len(performer))
    for n in range(len(performer)):
        column, row, state = int(theirs.column[n]), int(theirs.row[n]), int(theirs.state[n])
        if pose[n] > 1:
            groups[column, row, -1].append(n)
            worst[n] = pose[n]
        elif expression[n] > 1:
            groups[-1, -1, state].append(n)
            worst[n] = expression[n]
        elif both[n] > 1:
            groups[column, row, state].append(n)
            worst[n] = both[n]
    gaps = [_gap(place, members, worst, ours) for place, members in groups.items()]
    return sorted(gaps, key=lambda gap: (-gap.faces * min(gap.distance, 3.0), gap.words))


def _gap(place: tuple[int, int, int], members: Sequence[int], worst: NDArray[np.float64], ours: Cells) -> Gap:
    column, row, state = place
    same = np.ones(len(ours.column), np.bool_)
    words = []
    if column >= 0:
        words.append(pose_in_words(column, row))
        same &= (ours.column == column) & (ours.row == row)
    if state >= 0:
        words.append(f"with {STATES[state]}")
        same &= ours.state == state
    spread = np.unique(np.linspace(0, len(members) - 1, min(EXAMPLES, len(members))).round().astype(int))
    return Gap(
        words=" ".join(words),
        faces=len(members),
        near=int(same.sum()),
        distance=float(np.minimum(worst[list(members)], 99.0).mean()),
        members=list(members),
        examples=[members[n] for n in spread],
    )


def _distance(identity: Table, performer: Table, near: dict[str, float]) -> NDArray[np.float64]:
    """P: how far each of the performer's faces is from the identity's nearest, in the score that is furthest off."""
    if not len(identity):
        return np.full(len(performer), np.inf)
    ours, theirs = (np.stack([side[name] / unit for name, unit in near.items()], 1) for side in (identity, performer))
    found = [
        np.abs(theirs[start : start + _BLOCK, None] - ours[None]).max(2).min(1)
        for start in range(0, len(theirs), _BLOCK)
    ]
    return np.concatenate(found)
