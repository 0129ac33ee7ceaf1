"""Pictures whose grain and sharpness are known."""

from pathlib import Path

import cv2
import numpy as np


def frame(movie_file: Path, number: int) -> np.ndarray:
    """A frame of a movie, H×W×3 RGB float32 in 0–1."""
    movie = cv2.VideoCapture(str(movie_file))
    for _ in range(number - 1):
        movie.grab()
    found, picture = movie.read()
    assert found
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB).astype(np.float32) / 255


def slopes(height: int, width: int) -> np.ndarray:
    """Three slow slopes of brightness over most of the range."""
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    return np.dstack([0.2 + 0.6 * x, 0.3 + 0.3 * y, 0.5 - 0.2 * x * y]).astype(np.float32)


def grain(shape: tuple[int, int], size: tuple[float, float], channels: np.ndarray, seed: int) -> np.ndarray:
    """Noise of variance 1, blurred by a Gaussian of `size` pixels across and down, with correlated channels."""
    white = np.random.default_rng(seed).standard_normal((*shape, 3)) @ np.linalg.cholesky(channels).T
    across, down = (np.exp(-0.5 * (np.arange(-12, 13) / max(s, 1e-3)) ** 2) for s in size)
    unit = [kernel / np.sqrt((kernel**2).sum()) for kernel in (across, down)]
    return cv2.sepFilter2D(white, cv2.CV_64F, *unit, borderType=cv2.BORDER_REFLECT).astype(np.float32)
