"""What is measured of the pixels under the weights.

Pictures are H×W×3 RGB float32, weights H×W float32 and never negative.
"""

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]
Weights = NDArray[np.float32]
Pixels = NDArray[np.float64]


def weighted_pixels(image: Picture, weights: Weights) -> tuple[Pixels, Pixels]:
    """The N×3 pixels that have a weight, and their weights N with the sum 1."""
    seen = weights > 0
    w = weights[seen].astype(np.float64)
    return image[seen].astype(np.float64), w / w.sum()


def mean_and_covariance(pixels: Pixels, weights: Pixels) -> tuple[Pixels, Pixels]:
    """3 and 3×3 of N×3 pixels under weights of the sum 1."""
    mean = weights @ pixels
    centred = pixels - mean
    return mean, (centred * weights[:, None]).T @ centred


def quantiles(values: Pixels, weights: Pixels, count: int) -> Pixels:
    """`count` quantiles (never falling) of N values under weights of the sum 1: those of the middles of equal parts."""
    order = np.argsort(values, kind="stable")
    ordered = weights[order]
    middles = np.cumsum(ordered) - ordered / 2
    return np.interp((np.arange(count) + 0.5) / count, middles, values[order])


def draw(pixels: Pixels, weights: Pixels, count: int) -> Pixels:
    """count×3 pixels that stand for N×3 under weights of the sum 1: evenly spaced along the summed weights."""
    places = np.searchsorted(np.cumsum(weights), (np.arange(count) + 0.5) / count)
    return pixels[np.minimum(places, len(pixels) - 1)]
