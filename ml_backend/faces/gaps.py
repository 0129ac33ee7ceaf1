"""Landmarks for frames on which a face was not seen, from the frames around them."""

import cv2
import numpy as np
from numpy.typing import NDArray

from .canonical import fit_head

Array = NDArray[np.float64]


def interpolate(before: Array, after: Array, missing: int) -> Array:
    """missing×478×3 landmarks between the last two frames before (2×478×3) and the first two after (2×478×3).

    The head turns and grows evenly and moves on a smooth curve that leaves and arrives with the motion it had;
    the expression changes evenly. A piece of one frame is given as the same frame twice: it has no motion.
    """
    (scale_a, turn_a, place_a), (scale_b, turn_b, place_b) = fit_head(before[1]), fit_head(after[0])
    shape_a, shape_b = (before[1] - place_a) @ turn_a / scale_a, (after[0] - place_b) @ turn_b / scale_b
    axis = cv2.Rodrigues(turn_a.T @ turn_b)[0].reshape(3)
    steps = missing + 1
    leaving = (place_a - fit_head(before[0])[2]) * steps
    arriving = (fit_head(after[1])[2] - place_b) * steps
    found = np.empty((missing, *before.shape[1:]))
    for n in range(missing):
        t = (n + 1) / steps
        place = (
            (2 * t**3 - 3 * t**2 + 1) * place_a
            + (t**3 - 2 * t**2 + t) * leaving
            + (3 * t**2 - 2 * t**3) * place_b
            + (t**3 - t**2) * arriving
        )
        turn = turn_a @ cv2.Rodrigues(axis * t)[0]
        scale = scale_a ** (1 - t) * scale_b**t
        found[n] = scale * ((1 - t) * shape_a + t * shape_b) @ turn.T + place
    return found
