"""Which found face is which true one."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .truth import TrueFace

NEAR = 0.45  # mean distance of the 68 points in eye distances: found in the right place, however badly measured


def match(found: Sequence[NDArray[np.float64]], faces: Sequence[TrueFace]) -> list[int | None]:
    """For each found face (68×2 pixels) the place of the true face that it is in `faces`; None: it is none of them.

    The nearest pairs first, each true face once.
    """
    pairs = sorted(
        (float(np.linalg.norm(points - face.landmarks, axis=1).mean() / face.eyes), n, m)
        for n, points in enumerate(found)
        for m, face in enumerate(faces)
    )
    result: list[int | None] = [None] * len(found)
    taken: set[int] = set()
    for distance, n, m in pairs:
        if distance < NEAR and result[n] is None and m not in taken:
            result[n] = m
            taken.add(m)
    return result


def who_is_it(points: NDArray[np.float64], faces: Sequence[TrueFace], hidden: float = 0.6) -> str | None:
    """Whose face a picture cut out around `points` (68×2) shows; None: nobody's.

    A face of which something hides more than `hidden` does not count: who is in front of it is seen there.
    """
    (place,) = match([points], [face for face in faces if face.covered <= hidden])
    return None if place is None else [face for face in faces if face.covered <= hidden][place].who
