"""Where a face's colour is that of its skin."""

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.faces.regions import LEFT_EYE, LIPS, RIGHT_EYE, eye_distance, fill

from .spots import without_spots
from .statistics import Picture, Weights

LEFT_BROW = np.array([70, 63, 105, 66, 107, 55, 65, 52, 53, 46])
RIGHT_BROW = np.array([300, 293, 334, 296, 336, 285, 295, 282, 283, 276])
AROUND = 0.04  # lashes, and brows that the made face has a little higher, in eye distances
LEAST = 0.1  # of the weights: where less is skin (a face in profile, a wide yawn), all of the face is measured


def skin_weights(plate: Picture, weights: Weights, landmarks: NDArray[np.float64]) -> Weights:
    """The weights H×W without eyes, brows, lips and spots, for the crop H×W×3 and its landmarks (478×3, its pixels).

    With the iris, the teeth and the brows of two people measured too, the skin would get their differences.
    """
    parts = (LEFT_EYE, RIGHT_EYE, LEFT_BROW, RIGHT_BROW, LIPS)
    features = fill(weights.shape, *(landmarks[part, :2] for part in parts))
    grow = 2 * round(AROUND * eye_distance(landmarks)) + 1
    grown = np.asarray(cv2.dilate(features, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (grow, grow))), np.float32)
    skin = weights * (1 - grown)
    return without_spots(plate, skin if skin.sum() >= LEAST * weights.sum() else weights)
