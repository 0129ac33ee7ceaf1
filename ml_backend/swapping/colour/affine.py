"""The maps that are a 3×3 matrix and a shift: mean, reinhard and mkl.

Their parameters are 3×4: the matrix, and the shift as its last column, so that a mean of parameters maps a pixel to the
mean of what each of them maps it to.
"""

import numpy as np
from numpy.typing import NDArray

from .statistics import Picture, Pixels, Weights, mean_and_covariance, weighted_pixels

# grey, red against green, yellow against blue: orthonormal, so that its transpose leads back
OPPONENT = np.array([[1, 1, 1], [1, -1, 0], [1, 1, -2]]) / np.sqrt([[3], [2], [6]])
NOISE = 1e-6  # the variance of an 8-bit picture's rounding: less is no colour to be stretched
STRETCH = 1.5  # of differences: a soft face stretched further shows noise, and colours that nobody has
BRIGHTEN = 4.0  # the largest factor of a mean
DARK = 1e-3  # a mean to divide by is no darker


def measure_mean(made: Picture, plate: Picture, weights: Weights) -> NDArray[np.float32]:
    """One factor a channel, as a light or a filter before the lens would do it."""
    (pixels, w), (wanted, v) = weighted_pixels(made, weights), weighted_pixels(plate, weights)
    factors = np.clip((v @ wanted) / np.maximum(w @ pixels, DARK), 0, BRIGHTEN)
    return np.column_stack([np.diag(factors), np.zeros(3)]).astype(np.float32)


def measure_reinhard(made: Picture, plate: Picture, weights: Weights) -> NDArray[np.float32]:
    """Mean and spread of brightness and of two channels of colour.

    After Reinhard et al., "Color Transfer between Images", 2001, whose channels come from the eye's cones by a
    logarithm; linear ones do as well on faces, and their mean over frames is exact.
    """
    mean, covariance = mean_and_covariance(*weighted_pixels(made, weights))
    wanted_mean, wanted = mean_and_covariance(*weighted_pixels(plate, weights))
    spread, wanted_spread = (np.diag(OPPONENT @ c @ OPPONENT.T) for c in (covariance, wanted))
    factors = np.minimum(np.sqrt(wanted_spread.clip(0) / np.maximum(spread, NOISE)), STRETCH)
    return _around(OPPONENT.T @ np.diag(factors) @ OPPONENT, mean, wanted_mean)


def measure_mkl(made: Picture, plate: Picture, weights: Weights) -> NDArray[np.float32]:
    """Mean and covariance by the map that moves the colours least (Pitié and Kokaram, "The linear Monge-Kantorovitch
    linear colour mapping for example-based colour transfer", 2007).
    """
    return mkl(weighted_pixels(made, weights), weighted_pixels(plate, weights))


def mkl(made: tuple[Pixels, Pixels], plate: tuple[Pixels, Pixels]) -> NDArray[np.float32]:
    """`measure_mkl` of pixels N×3 with their weights N."""
    mean, source = mean_and_covariance(*made)
    wanted_mean, target = mean_and_covariance(*plate)
    root, inverse = _power(source, 0.5, NOISE), _power(source, -0.5, NOISE)
    matrix = inverse @ _power(root @ target @ root, 0.5, 0) @ inverse
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    return _around((vectors * np.clip(values, 0, STRETCH)) @ vectors.T, mean, wanted_mean)


def apply_affine(made: Picture, parameters: NDArray[np.float32]) -> Picture:
    """The picture H×W×3 under a 3×4 map."""
    mapped: Picture = made @ parameters[:, :3].T + parameters[:, 3]
    return mapped


def _around(matrix: Pixels, mean: Pixels, wanted_mean: Pixels) -> NDArray[np.float32]:
    return np.column_stack([matrix, wanted_mean - matrix @ mean]).astype(np.float32)


def _power(matrix: Pixels, exponent: float, least: float) -> Pixels:
    """A power of a symmetric matrix whose eigenvalues are raised to `least` first."""
    values, vectors = np.linalg.eigh(matrix)
    powered: Pixels = (vectors * np.maximum(values, least) ** exponent) @ vectors.T
    return powered
