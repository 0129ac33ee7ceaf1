"""Several replaced faces keep their numbers, whatever happens between."""

import numpy as np

from ml_backend.evaluation.several import Several
from ml_backend.faces.observation import Observation

from .known_faces import face_at

ALL = np.ones((200, 600), np.float32)
NOTHING = np.zeros_like(ALL)
ANNA, BEN, CARL = np.eye(3, 128, dtype=np.float32)


def seen(x: float, tracklet: int, who: np.ndarray | None = None, unit: float = 40) -> Observation:
    return Observation(face_at(x, 100, unit), 1.0, tracklet, who)


def places(found: dict[int, np.ndarray]) -> dict[int, int]:
    return {number: round(float(face[:, 0].mean()) / 100) for number, face in sorted(found.items())}


def test_the_largest_comes_first_and_tracklets_keep_their_numbers() -> None:
    several = Several()
    assert places(several([seen(100, 0, ANNA), seen(300, 1, BEN, 50)], ALL)) == {0: 3, 1: 1}
    assert places(several([seen(300, 0), seen(100, 1)], ALL)) == {0: 1, 1: 3}, "they changed places"
    assert places(several([seen(300, 0)], NOTHING)) == {1: 3}, "also where it is not painted"


def test_who_comes_back_is_known_by_the_place_or_by_the_face() -> None:
    several = Several()
    several([seen(100, 0, ANNA), seen(300, 1, BEN, 50)], ALL)
    several([], ALL)
    assert places(several([seen(102, 2, CARL)], ALL)) == {1: 1}, "where somebody was lost"
    assert places(several([seen(500, 3, BEN)], ALL)) == {0: 5}
    assert places(several([seen(500, 3), seen(300, 4, CARL)], ALL)) == {0: 5, 2: 3}


def test_faces_that_were_never_painted_are_not_counted() -> None:
    several = Several()
    alpha = NOTHING.copy()
    alpha[:, :200] = 1
    assert places(several([seen(300, 0, ANNA), seen(100, 1, BEN)], alpha)) == {0: 1}
    assert places(several([seen(300, 0), seen(100, 1)], alpha)) == {0: 1}
