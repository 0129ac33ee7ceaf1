"""Leave out of the measured face what is small and of another colour: strands of hair, glasses' frames, stickers."""

import cv2
import numpy as np

from .light import SIGMA
from .statistics import Picture, Weights

DIFFERENT = (2.5, 3.5)  # times the usual difference of colour: from here a pixel counts less, from there nothing
FLOOR = 0.02  # the usual difference is no less, in logarithms: JPEG and grain make as much
DARK = 0.02  # no colour can be told of what is darker


def without_spots(plate: Picture, weights: Weights) -> Weights:
    """The weights H×W less those of pixels whose colour is far from that of the plate (H×W×3, 0–1) around them.

    Brightness does not count, nor what changes over a large part of the face: shadows and coloured lights stay.
    """
    if not weights.any():
        return weights
    logarithms = np.log(np.maximum(plate, DARK))
    colour = logarithms - logarithms.mean(2, keepdims=True)
    sigma = SIGMA * plate.shape[1]
    near = cv2.GaussianBlur(np.dstack([colour * weights[..., None], weights]), (0, 0), sigma)
    difference = np.abs(colour - near[..., :3] / np.maximum(near[..., 3:], 1e-4)).max(2)
    usual = 1.4826 * np.median(difference[weights >= weights.max() / 2]) + FLOOR  # of a bell curve: its sigma
    low, high = DIFFERENT
    return np.asarray(weights * np.clip((high - difference / usual) / (high - low), 0, 1), np.float32)
