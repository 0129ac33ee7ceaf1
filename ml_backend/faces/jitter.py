"""How much landmarks tremble."""

from collections import deque

import numpy as np
from numpy.typing import NDArray

from .regions import eye_distance, landmarks68
from .roi import roi_of_landmarks

Landmarks = NDArray[np.float64]
ELSEWHERE = 1.0  # squares of 1.5 faces from one frame to the next: another face, not a movement


def second_difference(before: Landmarks, now: Landmarks, after: Landmarks) -> float:
    """Mean of the 68 points over three frames (478×3 landmarks), in % of the distance of the outer eye corners."""
    a, b, c = (landmarks68(landmarks) for landmarks in (before, now, after))
    return float(np.linalg.norm(c - 2 * b + a, axis=1).mean() / eye_distance(now) * 100)


class Jitter:
    """Trembling of the landmarks of one face, called with one frame after the other; keeps three frames."""

    def __init__(self) -> None:
        self._seen: deque[tuple[int, Landmarks]] = deque(maxlen=3)

    def __call__(self, frame: int, landmarks: Landmarks | None) -> tuple[int, float] | None:
        """The frame before this one and its `second_difference`; None where there are no three frames in a row."""
        if landmarks is None:
            self._seen.clear()
            return None
        if self._seen:
            last, there = self._seen[-1]
            apart = roi_of_landmarks(there).distance(roi_of_landmarks(landmarks))
            if frame != last + 1 or apart > ELSEWHERE:
                self._seen.clear()
        self._seen.append((frame, landmarks))
        if len(self._seen) < 3:
            return None
        (_, before), (middle, now), (_, after) = self._seen
        return middle, second_difference(before, now, after)
