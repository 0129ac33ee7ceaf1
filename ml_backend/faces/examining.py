"""A closer look at faces whose landmarks are known: does the detector see them there, and where?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ml_backend.media.frame import Pixels

from .detection import Detection
from .geometry import sample, transform
from .landmarks import Landmarker
from .recognition import Recogniser
from .regions import five_points
from .roi import Roi, roi_of_detection, roi_of_landmarks
from .roi_crop import roi_to_image

AGREED = (
    0.062  # of the face's side: right faces differ from the detector by up to 0.058, misplaced ones by 0.064 or more
)
# That of a head in profile, where the detector has its own idea of the far eye and mouth: right faces differ by up to
# 0.095 there. Up to 45° it is AGREED.
AGREED_PROFILE, PROFILE = 0.12, (0.71, 0.94)  # sines of 45° and 70°
EDGE = 0.1  # sides of its box that a face must be away from the picture's edge to be whole
UPRIGHT, MARGIN = 192, 1.3  # side and margin of the crop in which the detector gets another chance
SURROUNDINGS = 4.0, 288  # margin and side of that in which it looks for a small face that was lost: 48 pixels there


class Detector(Protocol):
    """Finds faces in a picture; thorough: whatever it costs, also small, dark and turned ones."""

    def __call__(self, image: Pixels, thorough: bool = False) -> list[Detection]: ...

    def each(self, images: Sequence[Pixels]) -> list[list[Detection]]:
        """The faces in each of N pictures of one size, as quick calls would find them, but in batches."""


@dataclass(frozen=True)
class Examiner:
    """The networks that say whether there is a face, where it is and whose it is.

    average: landmarks are the mean over several crops. min_score: of landmarks that count.
    """

    detector: Detector
    landmarker: Landmarker
    recogniser: Recogniser
    average: bool
    min_score: float

    def detected(self, places: Sequence[tuple[Pixels, Roi]]) -> list[list[Detection]]:
        """What the detector sees in each square of a picture: there a face is upright and of the size that suits it."""
        return self._seen(places, MARGIN, UPRIGHT)

    def around(self, image: Pixels, rois: Sequence[Roi]) -> list[Detection]:
        """What the detector sees near squares of small faces: of a face that is too small for a look at the picture."""
        seen = self._seen([(image, roi) for roi in rois], *SURROUNDINGS)
        return [one for found in seen for one in found]

    def _seen(self, places: Sequence[tuple[Pixels, Roi]], margin: float, side: int) -> list[list[Detection]]:
        """What the detector sees in squares, `margin` times as large, each drawn side×side pixels."""
        wide = [Roi(roi.x, roi.y, roi.side * margin, roi.angle) for _, roi in places]
        to_images = [roi_to_image(roi, side) for roi in wide]
        crops = [sample(image, matrix, side) for (image, _), matrix in zip(places, to_images, strict=True)]
        return [
            [_placed(one, matrix, roi.side / side) for one in found]
            for found, matrix, roi in zip(self.detector.each(crops), to_images, wide, strict=True)
        ]

    def agreed(
        self, image: Pixels, landmarks: NDArray[np.float64], score: float, detected: Sequence[Detection]
    ) -> tuple[NDArray[np.float64], float] | None:
        """The landmarks and their score, measured anew where the detector sees the face elsewhere; None if in vain.

        Where it sees nothing at all, or a face that the picture's edge cuts off, there is nothing to compare with.
        """
        whole = [one for one in detected if is_inside(one.box, image)]
        if not whole or disagreement(landmarks, whole) <= tolerated(landmarks):
            return landmarks, score
        nearest = min(whole, key=lambda one: disagreement(landmarks, [one]))
        points, scores = self.landmarker.settle(image, [roi_of_detection(nearest)], average=self.average)
        if scores[0] < self.min_score or disagreement(points[0], [nearest]) > tolerated(points[0]):
            return None
        return points[0], float(scores[0])


def tolerated(landmarks: NDArray[np.float64]) -> float:
    """How far the detector's points may be from these landmarks, in sides of its box."""
    return float(np.interp(roi_of_landmarks(landmarks).turned, PROFILE, (AGREED, AGREED_PROFILE)))


def disagreement(landmarks: NDArray[np.float64], detected: Sequence[Detection]) -> float:
    """The mean distance of five points of 478 landmarks from those of the nearest detection, in sides of its box."""
    five = five_points(landmarks)
    return min(
        float(np.linalg.norm(five - one.points, axis=1).mean() / np.diff(one.box.reshape(2, 2), axis=0).max())
        for one in detected
    )


def _placed(one: Detection, to_image: NDArray[np.float64], scale: float) -> Detection:
    """A detection in a crop as one in the picture; its box stays as upright as in the crop."""
    middle = transform(one.box.reshape(2, 2).mean(0), to_image)
    half = np.diff(one.box.reshape(2, 2), axis=0)[0] * scale / 2
    return Detection(np.concatenate([middle - half, middle + half]), transform(one.points, to_image), one.score)


def is_inside(box: NDArray[np.float64], image: Pixels) -> bool:
    """Is a box (x0, y0, x1, y1) a little away from the picture's edge?"""
    height, width = image.shape[:2]
    edge = EDGE * np.diff(box.reshape(2, 2), axis=0).max()
    return bool((box[:2] > edge).all() and (box[2:] < np.array([width, height]) - edge).all())
