"""The square around a face that the landmark networks look into."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .canonical import canonical_five, fit_head, tilt
from .detection import Detection
from .regions import LEFT_EYE_CORNER, RIGHT_EYE_CORNER

GROW = 1.5  # the square's side, as a multiple of the face's
# Sines of the yaw between which the head as a whole takes the place of the line of the eyes: 30° and 45°
EYES, HEAD = 0.5, 0.71


class Roi(NamedTuple):
    """A square in the picture, turned by `angle` radians so that the head is level in it.

    turned: the sine of the yaw of the head, without its sign, as far as it is known.
    """

    x: float
    y: float
    side: float
    angle: float
    turned: float = 0.0

    def difference(self, other: "Roi") -> float:
        """Shift or change of side as a part of the side, or turn in radians, whichever is largest."""
        shift = math.hypot(other.x - self.x, other.y - self.y) / self.side
        return max(shift, abs(math.log(other.side / self.side)), abs(_turn(self.angle, other.angle)))

    def covers(self, other: "Roi") -> bool:
        """Are both on one face? Their middles are nearer than half of the larger face."""
        return self.distance(other) < 0.3

    def distance(self, other: "Roi") -> float:
        """The distance of the middles as a part of the larger side."""
        return math.hypot(other.x - self.x, other.y - self.y) / max(self.side, other.side)

    def ahead(self, before: "Roi") -> "Roi":
        """The square one frame later, if it goes on as it came from `before`."""
        growth = min(max(self.side / before.side, 0.9), 1.1)
        turned = self.angle + _turn(before.angle, self.angle)
        return Roi(2 * self.x - before.x, 2 * self.y - before.y, self.side * growth, turned, self.turned)


def _turn(a: float, b: float) -> float:
    return (b - a + math.pi) % (2 * math.pi) - math.pi


def roi_of_detection(face: Detection) -> Roi:
    x0, y0, x1, y1 = (float(v) for v in face.box)
    dx, dy = face.points[1] - face.points[0]
    angle, turned = _level(math.atan2(dy, dx), _rotation_of_five(face.points))
    return Roi((x0 + x1) / 2, (y0 + y1) / 2, GROW * max(x1 - x0, y1 - y0), angle, turned)


def roi_of_landmarks(landmarks: NDArray[np.float64]) -> Roi:
    """The square around mesh points (478×3), measured along the line of the eyes, or of a turned head's own level."""
    points = landmarks[:468, :2]
    dx, dy = points[RIGHT_EYE_CORNER] - points[LEFT_EYE_CORNER]
    angle, turned = _level(math.atan2(dy, dx), fit_head(landmarks)[1])
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    level = points @ turn.T
    low, high = level.min(0), level.max(0)
    x, y = (low + high) / 2 @ turn
    return Roi(float(x), float(y), GROW * float((high - low).max()), angle, turned)


def _level(eyes: float, rotation: NDArray[np.float64]) -> tuple[float, float]:
    """The angle of a head's square in radians, given that of the line of its eyes; and how far it is turned away."""
    head = tilt(rotation)
    across = math.cos(head) * rotation[0] + math.sin(head) * rotation[1]
    turned = abs(float(across[2])) / math.hypot(float(across[0]), float(across[2]), 1e-9)
    share = min(max((turned - EYES) / (HEAD - EYES), 0.0), 1.0)
    return eyes + share * _turn(eyes, head), turned


def _rotation_of_five(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The first two rows (2×3) of a head's rotation and scale, from the five points (5×2) of a detector.

    The affine view of the canonical face nearest to them: the nose tells how far it is turned.
    """
    five = canonical_five()
    view: NDArray[np.float64] = np.linalg.lstsq(five - five.mean(0), points - points.mean(0), rcond=None)[0].T
    return view


def upright(points: NDArray[np.float64]) -> Roi:
    """The square around points (N×2 or more), of a face or the corners of its box, without its turn."""
    (x0, y0), (x1, y1) = points[:, :2].min(0).tolist(), points[:, :2].max(0).tolist()
    return Roi((x0 + x1) / 2, (y0 + y1) / 2, GROW * max(x1 - x0, y1 - y0), 0.0)
