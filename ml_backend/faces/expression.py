"""What a face does, as a few numbers that do not depend on where the head looks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .canonical import fit_head
from .regions import LEFT_EYE_CORNER, MESH68, RIGHT_EYE_CORNER

_INNER_LIPS = np.array([[13, 14], [82, 87], [312, 317]])  # upper, lower
_LEFT_LIDS = np.array([[159, 145], [158, 153], [160, 144]])
_RIGHT_LIDS = np.array([[386, 374], [385, 380], [387, 373]])
_MOUTH_CORNERS = np.array([61, 291])
_LEFT_BROW, _LEFT_CORNERS = np.array([70, 63, 105, 66, 107]), np.array([LEFT_EYE_CORNER, 133])
_RIGHT_BROW, _RIGHT_CORNERS = np.array([300, 293, 334, 296, 336]), np.array([RIGHT_EYE_CORNER, 362])
_OPEN_EYES = 90  # the percentile of the gap between somebody's lids that is taken for their open eyes
_FEATURES = MESH68[17:]  # brows, nose, eyes and mouth, without the outline
_CALM = 0.5  # part of the faces, those with the least open mouth, that say what a person is like at rest


@dataclass(frozen=True)
class Expression:
    """Lengths in distances of the outer eye corners; left and right are those of the picture.

    mouth: the gap between the lips. width: from one corner of the mouth to the other. smile: how much higher the
    corners are than the middle of the lips, negative where they hang. eye_left, eye_right: the gap between the
    lids. brow: the height of the brows above the corners of the eyes.
    """

    mouth: float
    width: float
    smile: float
    eye_left: float
    eye_right: float
    brow: float


def measure_expression(landmarks: NDArray[np.float64]) -> Expression:
    """The expression of 478×3 landmarks, seen from the front: the head's place, size and turn are undone first."""
    face = _from_the_front(landmarks)
    y = face[:, 1]  # grows downwards
    brows = [y[_LEFT_CORNERS].mean() - y[_LEFT_BROW].mean(), y[_RIGHT_CORNERS].mean() - y[_RIGHT_BROW].mean()]
    return Expression(
        mouth=_gap(face, _INNER_LIPS),
        width=_gap(face, _MOUTH_CORNERS[None]),
        smile=float(y[_INNER_LIPS[0]].mean() - y[_MOUTH_CORNERS].mean()),
        eye_left=_gap(face, _LEFT_LIDS),
        eye_right=_gap(face, _RIGHT_LIDS),
        brow=float(np.mean(brows)),
    )


def features_middle(landmarks: NDArray[np.float64]) -> NDArray[np.float64]:
    """x and y of the middle of brows, eyes, nose and mouth of 478×3 landmarks, in distances of the outer eye corners
    from the middle of the crop, to the face's own right of the picture and down."""
    middle: NDArray[np.float64] = _from_the_front(landmarks)[_FEATURES, :2].mean(0)
    return middle


def usual_middle(middles: NDArray[np.float64], mouths: NDArray[np.float64]) -> tuple[float, float]:
    """Where a person's features are, whatever the face does, from N `features_middle` and N gaps between the lips."""
    x, y = np.median(middles[calm(mouths)], axis=0)
    return float(x), float(y)


def calm(mouths: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of N faces of a person, by the gaps between their lips, say what the person is like at rest."""
    return np.asarray(mouths <= np.quantile(mouths, _CALM), np.bool_)


def of_open_eyes(gaps: NDArray[np.float64]) -> NDArray[np.float64]:
    """How open the eyes of one person are on N faces, from the gaps between the lids: 0 shut, 1 open as they can be."""
    return gaps / max(float(np.percentile(gaps, _OPEN_EYES)), 1e-6) if len(gaps) else gaps


def _from_the_front(landmarks: NDArray[np.float64]) -> NDArray[np.float64]:
    scale, rotation, shift = fit_head(landmarks)
    return (landmarks - shift) @ rotation / scale


def _gap(face: NDArray[np.float64], pairs: NDArray[np.integer]) -> float:
    """The mean distance of pairs of points (P×2 numbers)."""
    return float(np.linalg.norm(face[pairs[:, 0]] - face[pairs[:, 1]], axis=1).mean())
