"""Several replaced faces of a shot, told apart."""

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from ml_backend.faces.observation import Observation
from ml_backend.faces.recognition import distance
from ml_backend.faces.regions import eye_distance
from ml_backend.faces.roi import Roi, roi_of_landmarks
from ml_backend.swapping.blend import Mask
from ml_backend.swapping.plan import MOST_DISTANT

from .metrics import Landmarks
from .subject import is_painted


class Several:
    """Called with one frame of the plate after the other; gives its painted faces (478×3) by their numbers.

    They are numbered from 0 as they come, of those that come at once the largest first. A face that was away is known
    again by its place, else by who it is. One that was painted once is given also where it is not.
    """

    def __init__(self) -> None:
        self._tracklets: dict[int, int] = {}
        self._places: list[Roi] = []
        self._people: list[NDArray[np.float32] | None] = []

    def __call__(self, faces: Sequence[Observation], alpha: Mask) -> dict[int, Landmarks]:
        here = {self._tracklets[face.tracklet]: face for face in faces if face.tracklet in self._tracklets}
        for face in sorted(faces, key=lambda face: -eye_distance(face.landmarks)):
            if face.tracklet not in self._tracklets and is_painted(face.landmarks, alpha):
                number = self._number(face, here.keys())
                self._tracklets[face.tracklet] = number
                here[number] = face
        for number, face in here.items():
            self._places[number] = roi_of_landmarks(face.landmarks)
        return {number: face.landmarks for number, face in here.items()}

    def _number(self, face: Observation, taken: Collection[int]) -> int:
        """Which of the faces that were seen before it is, or the next number."""
        place = roi_of_landmarks(face.landmarks)
        away = [number for number in range(len(self._places)) if number not in taken]
        for number in away:
            if self._places[number].covers(place):
                return number
        alike = {number: self._unlike(face, number) for number in away}
        number = min(alike, key=lambda one: alike[one], default=len(self._places))
        if alike.get(number, MOST_DISTANT) < MOST_DISTANT:
            return number
        self._places.append(place)
        self._people.append(face.embedding)
        return len(self._places) - 1

    def _unlike(self, face: Observation, number: int) -> float:
        known = self._people[number]
        return MOST_DISTANT if known is None or face.embedding is None else float(distance(face.embedding, known))
