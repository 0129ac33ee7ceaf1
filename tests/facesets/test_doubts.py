"""Faces of a head that turns beyond the profile are marked where the head is lost there, and only there."""

import numpy as np
import pytest

from ml_backend.faces.canonical import canonical_mesh
from ml_backend.faces.slipping import UNSURE
from ml_backend.facesets.observations import Seen
from ml_backend.facesets.resolve import with_doubts

YAWS = [60, 66, 72, 78, 84, 92, 89, 81, 74]  # as measured: the last three slip off


def head(frame: int, yaw: float) -> Seen:
    angle = np.radians(yaw)
    turn = np.array([[np.cos(angle), 0, -np.sin(angle)], [0, 1, 0], [np.sin(angle), 0, np.cos(angle)]])
    return Seen(frame, 0, 1.0, canonical_mesh() @ turn.T * 80 + [300, 200, 0])


def doubted(seen: list[Seen], shots: dict[int, int]) -> list[int]:
    found = with_doubts(seen, shots)
    assert [one.frame for one in found] == [one.frame for one in seen]
    assert {one.score for one in found} <= {1.0, UNSURE}
    return [one.frame for one in found if one.score == UNSURE]


@pytest.mark.parametrize(
    ("next_frames", "expected"),
    [
        ({10: 1, 11: 1}, [7, 8, 9]),  # looked at, and the face is not there: lost beyond the profile
        ({10: 2, 11: 2}, []),  # a cut
        ({}, []),  # nobody has looked further
    ],
)
def test_a_loss_and_what_is_none(next_frames, expected):
    seen = [head(frame, yaw) for frame, yaw in enumerate(YAWS, 1)]
    assert doubted(seen, dict.fromkeys(range(1, 10), 1) | next_frames) == expected


def test_a_head_that_comes_back():
    seen = [head(frame, yaw) for frame, yaw in enumerate(YAWS[::-1], 4)]
    assert doubted(seen, dict.fromkeys(range(1, 13), 1)) == [4, 5, 6]


def test_both_sides_of_a_gap():
    seen = [head(frame, yaw) for frame, yaw in enumerate(YAWS, 1)]
    seen += [head(frame, yaw) for frame, yaw in enumerate(YAWS[::-1], 14)]
    assert doubted(seen, dict.fromkeys(range(1, 23), 1)) == [7, 8, 9, 14, 15, 16]


def test_nobody():
    assert with_doubts([], {1: 1}) == []
