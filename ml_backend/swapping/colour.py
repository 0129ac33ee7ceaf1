"""Bring the colours of the made face to those of the plate.

Pictures are H×W×3 RGB float32 in 0–1, the weights H×W float32: only what lies under them is measured.
"""

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]
Method = Literal["none", "mean", "reinhard", "mkl", "light"]
NOISE = 1e-6  # the variance of an 8-bit picture's rounding: less is no colour to be stretched
LIGHT_SIGMA = 0.14  # of the crop's side: what varies over more than this is taken for light


def match_colour(
    made: Picture, plate: Picture, weights: NDArray[np.float32], method: Method, strength: float
) -> Picture:
    """The made face with the plate's colour statistics; the result can leave 0–1.

    mean: the mean of every channel, by a factor (as a light would). reinhard: mean and spread of every channel
    (Reinhard et al., "Color Transfer between Images", 2001). mkl: mean and full covariance (Pitié and Kokaram, "The
    linear Monge-Kantorovitch linear colour mapping", 2007). light: the low frequencies of every channel by a local
    factor, so that the plate's shading lies on the made face (the idea of Naruniec et al., "High-Resolution Neural Face
    Swapping for Visual Effects", 2020).
    """
    if method == "none" or strength == 0 or weights.sum() < 1:
        return made
    if method == "light":
        matched = made * (_low(plate, weights) / np.maximum(_low(made, weights), 1e-2))
        return (made + strength * (matched - made)).astype(np.float32)
    mean_made, covariance_made = _statistics(made, weights)
    mean_plate, covariance_plate = _statistics(plate, weights)
    if method == "mean":
        matched = made * (mean_plate / np.maximum(mean_made, 1e-3))
    else:
        if method == "reinhard":
            matrix = np.diag(np.sqrt(np.diag(covariance_plate) / np.maximum(np.diag(covariance_made), NOISE)))
        else:
            matrix = _mkl(covariance_made, covariance_plate)
        matched = (made - mean_made) @ matrix.T + mean_plate
    result: Picture = (made + strength * (matched - made)).astype(np.float32)
    return result


def _low(image: Picture, weights: NDArray[np.float32]) -> Picture:
    """The weighted local mean of every channel: a blur that sees only what lies under the weights."""
    sigma = LIGHT_SIGMA * image.shape[1]
    spread = cv2.GaussianBlur(weights, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)
    total = cv2.GaussianBlur(image * weights[..., None], (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)
    low: Picture = (total / np.maximum(spread, 1e-4)[..., None]).astype(np.float32)
    return low


def _statistics(image: Picture, weights: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    pixels, w = image.reshape(-1, 3).astype(np.float64), weights.reshape(-1, 1).astype(np.float64)
    mean = (pixels * w).sum(0) / w.sum()
    centred = pixels - mean
    return mean, (centred * w).T @ centred / w.sum()


def _mkl(source: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    root, inverse = _power(source, 0.5, NOISE), _power(source, -0.5, NOISE)
    mapped: NDArray[np.float64] = inverse @ _power(root @ target @ root, 0.5, 0) @ inverse
    return mapped


def _power(matrix: NDArray[np.float64], exponent: float, least: float) -> NDArray[np.float64]:
    """A power of a symmetric matrix whose eigenvalues are raised to `least` first."""
    values, vectors = np.linalg.eigh(matrix)
    powered: NDArray[np.float64] = (vectors * np.maximum(values, least) ** exponent) @ vectors.T
    return powered
