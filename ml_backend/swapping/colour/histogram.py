"""The map that gives red, green and blue the plate's histograms, as a curve a channel."""

import numpy as np
from numpy.typing import NDArray

from .affine import STRETCH
from .statistics import Picture, Pixels, Weights, quantiles, weighted_pixels

KNOTS = 65  # of a curve, from 0 to 1
QUANTILES = 64


def measure_histogram(made: Picture, plate: Picture, weights: Weights) -> NDArray[np.float32]:
    """KNOTS×3: how far each curve moves the values 0 … 1; a value plus its move never falls."""
    (pixels, w), (wanted, v) = weighted_pixels(made, weights), weighted_pixels(plate, weights)
    moves = [
        _curve(quantiles(a, w, QUANTILES), quantiles(b, v, QUANTILES)) for a, b in zip(pixels.T, wanted.T, strict=True)
    ]
    return np.stack(moves, 1).astype(np.float32)


def apply_histogram(made: Picture, parameters: NDArray[np.float32]) -> Picture:
    """The picture H×W×3 with every value moved as its curve says; beyond the curve as at its end."""
    knots = np.linspace(0, 1, KNOTS)
    moves = [np.interp(made[..., channel], knots, parameters[:, channel]) for channel in range(3)]
    mapped: Picture = made + np.stack(moves, -1).astype(np.float32)
    return mapped


def _curve(source: Pixels, target: Pixels) -> Pixels:
    """The moves at the knots that bring the quantiles `source` to `target`, no steeper than STRETCH."""
    knots = np.linspace(0, 1, KNOTS)
    moved = np.interp(knots, source, target)
    moved += np.where(knots < source[0], knots - source[0], 0) + np.where(knots > source[-1], knots - source[-1], 0)
    step = knots[1] - knots[0]
    curve = np.concatenate([[0.0], np.cumsum(np.clip(np.diff(moved), 0, STRETCH * step))])
    curve += (target - np.interp(source, knots, curve)).mean()
    return curve - knots
