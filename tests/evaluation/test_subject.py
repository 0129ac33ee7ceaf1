"""Of several faces the right one is measured."""

import numpy as np

from ml_backend.evaluation.subject import Subject, same_place

from .known_faces import face_at

LEFT, RIGHT = face_at(100, 100, 40), face_at(300, 100, 50)
NOTHING = np.zeros((200, 400), np.float32)


def painted(*middles: int) -> np.ndarray:
    alpha = NOTHING.copy()
    for x in middles:
        alpha[60:140, x - 30 : x + 30] = 1
    return alpha


def test_the_painted_face_is_the_subject_also_where_another_is_larger() -> None:
    assert Subject()([LEFT, RIGHT], painted(100)) is LEFT
    assert Subject()([LEFT, RIGHT], painted(100, 300)) is RIGHT, "of several painted faces the largest"
    assert Subject()([LEFT, RIGHT], NOTHING) is RIGHT


def test_the_subject_stays_the_same_face() -> None:
    subject = Subject()
    assert subject([LEFT, RIGHT], painted(100)) is LEFT
    assert subject([RIGHT, LEFT], painted(100, 300)) is LEFT
    assert subject([LEFT, RIGHT], NOTHING) is LEFT, "also while nothing is painted"
    assert subject([], NOTHING) is None
    assert subject([RIGHT, LEFT], NOTHING) is LEFT


def test_the_same_place_is_found_in_another_picture() -> None:
    moved = LEFT + np.array([4, -3, 0])
    assert same_place([RIGHT, moved], LEFT) is moved
    assert same_place([RIGHT], LEFT) is None
    assert same_place([], LEFT) is None
    assert same_place([LEFT, RIGHT], None) is RIGHT
