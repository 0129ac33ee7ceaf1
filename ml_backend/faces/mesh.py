"""The face mesh: 478 points in three dimensions from a square around a face."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ml_backend.media.frame import Pixels

from .detection import Detection
from .geometry import sample
from .onnx_model import as_8bit_range, open_model, to_batch
from .regions import LEFT_EYE_CORNER, RIGHT_EYE_CORNER

CROP = 192  # the network's input side
GROW = 1.5  # the square's side, as a multiple of the face's
# The crops of the averaged pass: turn in radians, scale, shift as a part of the side.
PERTURBATIONS = ((0, 1, 0, 0), (0.06, 1, 0.02, 0), (-0.06, 1, -0.02, 0), (0, 1.05, 0, 0.02), (0, 0.95, 0, -0.02))


class Roi(NamedTuple):
    """A square in the picture, turned by `angle` radians so that the eyes are level in it."""

    x: float
    y: float
    side: float
    angle: float

    def difference(self, other: "Roi") -> float:
        """Shift or change of side as a part of the side, or turn in radians, whichever is largest."""
        shift = math.hypot(other.x - self.x, other.y - self.y) / self.side
        return max(shift, abs(math.log(other.side / self.side)), abs(_turn(self.angle, other.angle)))

    def ahead(self, before: "Roi") -> "Roi":
        """The square one frame later, if it goes on as it came from `before`."""
        growth = min(max(self.side / before.side, 0.9), 1.1)
        turned = self.angle + _turn(before.angle, self.angle)
        return Roi(2 * self.x - before.x, 2 * self.y - before.y, self.side * growth, turned)


def _turn(a: float, b: float) -> float:
    return (b - a + math.pi) % (2 * math.pi) - math.pi


def roi_of_detection(face: Detection) -> Roi:
    dx, dy = face.points[1] - face.points[0]
    x0, y0, x1, y1 = (float(v) for v in face.box)
    return Roi((x0 + x1) / 2, (y0 + y1) / 2, GROW * max(x1 - x0, y1 - y0), math.atan2(dy, dx))


def roi_of_landmarks(landmarks: NDArray[np.float64]) -> Roi:
    """The square around mesh points (478×2 or more), measured along the line of the eyes."""
    points = landmarks[:468, :2]
    dx, dy = points[RIGHT_EYE_CORNER] - points[LEFT_EYE_CORNER]
    angle = math.atan2(dy, dx)
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    level = points @ turn.T
    low, high = level.min(0), level.max(0)
    x, y = (low + high) / 2 @ turn
    return Roi(float(x), float(y), GROW * float((high - low).max()), angle)


class FaceMesh:
    """The landmark network. z is relative, in pixels, growing away from the camera.

    Source: Grishchenko et al., "Attention Mesh: High-fidelity Face Mesh Prediction in Real-time", 2020.
    """

    def __init__(self) -> None:
        self._session = open_model("facemesh478")

    def landmarks(self, image: Pixels, rois: Sequence[Roi]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """One pass over N squares: points N×478×3 in picture pixels and scores N in 0–1."""
        if not rois:
            return np.zeros((0, 478, 3)), np.zeros(0)
        crops = [as_8bit_range(sample(image, _crop_to_image(roi), CROP)) for roi in rois]
        raw, scores = self._session.run(None, {"image": to_batch(crops)})
        squares = np.asarray(rois, np.float64)
        cos, sin = np.cos(squares[:, 3]), np.sin(squares[:, 3])
        turn = np.stack([cos, sin, -sin, cos], 1).reshape(-1, 2, 2)
        points = raw.astype(np.float64)
        points[:, :, :2] = (points[:, :, :2] - CROP / 2) @ turn  # the network counts from the crop's edge
        points *= (squares[:, 2] / CROP)[:, None, None]
        points[:, :, :2] += squares[:, None, :2]
        return points, scores.astype(np.float64).reshape(-1)

    def settle(
        self,
        image: Pixels,
        rois: Sequence[Roi],
        passes: int = 3,
        tolerance: float = 0.02,
        average: bool = True,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Repeat with the squares of the points just found until none moves by more than `tolerance`.

        average: then take the mean over slightly different squares, which cuts the noise between frames by
        four (Naruniec et al., "High-Resolution Neural Face Swapping for Visual Effects", 2020).
        """
        points, scores = np.zeros((0, 478, 3)), np.zeros(0)
        for _ in range(passes):
            points, scores = self.landmarks(image, rois)
            used, rois = rois, [roi_of_landmarks(p) for p in points]
            if all(a.difference(b) < tolerance for a, b in zip(used, rois, strict=True)):
                break
        if average and rois:
            shifted = [
                Roi(r.x + dx * r.side, r.y + dy * r.side, r.side * scale, r.angle + turn)
                for r in rois
                for turn, scale, dx, dy in PERTURBATIONS
            ]
            points, scores = self.landmarks(image, shifted)
            points = points.reshape(len(rois), len(PERTURBATIONS), 478, 3).mean(1)
            scores = scores.reshape(len(rois), -1).mean(1)
        return points, scores


def _crop_to_image(roi: Roi) -> NDArray[np.float64]:
    cos, sin = math.cos(roi.angle) * roi.side / CROP, math.sin(roi.angle) * roi.side / CROP
    middle = (CROP - 1) / 2
    return np.array(
        [[cos, -sin, roi.x - (cos - sin) * middle], [sin, cos, roi.y - (sin + cos) * middle]], dtype=np.float64
    )
