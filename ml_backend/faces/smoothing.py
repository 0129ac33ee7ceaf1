"""Take the noise out of landmarks over time without delay, and keep blinks and speech."""

import math

import numpy as np
from numpy.typing import NDArray

REACH = 1.5  # σ in frames of the neighbours' weights, at strength 1
NOISE = 0.015  # deviations from even motion below this part of the face's size are taken for noise


def smooth(values: NDArray[np.float64], scale: float, strength: float = 1.0) -> NDArray[np.float64]:
    """Smooth T×…×D points along the first axis; `scale` is the distance of the outer eye corners in their units.

    Each point becomes the weighted mean of itself and of the middles between the places k frames before and k
    frames after. A middle counts less the further it is in time and the more it differs from the point: what a
    point does on its own for a frame or two, such as a blink, stays, and so does even motion of any speed.
    Nothing is delayed: smoothing the reversed sequence gives the reversed result. The ends have fewer neighbours
    and are smoothed less. strength 0 changes nothing, 2 reaches twice as far.
    The weights are those of Tomasi & Manduchi, "Bilateral filtering for gray and color images", 1998.
    """
    if strength <= 0 or len(values) < 3:
        return values.copy()
    reach = REACH * strength
    change = np.zeros_like(values)
    weights = np.ones((*values.shape[:-1], 1))
    for k in range(1, min(math.ceil(2.5 * reach), (len(values) - 1) // 2) + 1):
        point = values[k:-k]
        to_middle = (values[2 * k :] + values[: -2 * k]) / 2 - point
        off = np.linalg.norm(to_middle, axis=-1, keepdims=True) / scale
        weight = 2 * np.exp(-((k / reach) ** 2 + (off / NOISE) ** 2) / 2)
        change[k:-k] += weight * to_middle
        weights[k:-k] += weight
    smoothed: NDArray[np.float64] = values + change / weights
    return smoothed
