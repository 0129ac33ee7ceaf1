"""Parameters that are averaged over frames, without giving the made face its own flicker back.

A network's face is a little brighter in one frame and darker in the next. Matched frame by frame, that is gone: the
frame's own parameters are the opposite of it. Their average is not.
"""

import numpy as np
from numpy.typing import NDArray

from .match import Method, Parameters, apply
from .statistics import Picture, Weights, weighted_pixels


def keep_level(method: Method, made: Picture, weights: Weights, own: Parameters, averaged: Parameters) -> Parameters:
    """The averaged parameters, changed so that the made face gets the mean colour that its own ones give it.

    made: H×W×3 RGB float32; weights: H×W float32, not all 0, as they were for `own`.
    """
    wanted, mean = (_mean(apply(method, made, parameters, 1), weights) for parameters in (own, averaged))
    if method == "light":
        return (averaged * (wanted / np.maximum(mean, 1e-3))).astype(np.float32)
    shift = (wanted - mean).astype(np.float32)
    if method in ("histogram", "transport"):
        return averaged + shift
    return averaged + np.column_stack([np.zeros((3, 3), np.float32), shift])


def _mean(image: Picture, weights: Weights) -> NDArray[np.float64]:
    pixels, w = weighted_pixels(image, weights)
    mean: NDArray[np.float64] = w @ pixels
    return mean
