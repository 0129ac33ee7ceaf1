"""Least-squares similarity transforms and sampling through them."""

import math
from typing import TypeVar, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.media.frame import Pixels

Array = NDArray[np.float64]
Kind = TypeVar("Kind", Pixels, NDArray[np.float32])


def fit_similarity(source: Array, target: Array) -> tuple[float, Array, Array]:
    """Scale s, rotation R (D×D) and shift t (D) that bring N×D `source` nearest to `target`: s·R·x + t.

    Source: Umeyama, "Least-squares estimation of transformation parameters between two point patterns", 1991.
    """
    mean_source, mean_target = source.mean(0), target.mean(0)
    centred = source - mean_source
    u, d, vt = np.linalg.svd((target - mean_target).T @ centred / len(source))
    signs = np.ones(source.shape[1])
    signs[-1] = np.sign(np.linalg.det(u @ vt))
    rotation = (u * signs) @ vt
    scale = float((d * signs).sum() / (centred**2).sum(1).mean())
    return scale, rotation, mean_target - scale * rotation @ mean_source


def similarity_matrix(source: Array, target: Array) -> Array:
    """The 2×3 matrix of `fit_similarity` for N×2 points."""
    scale, rotation, shift = fit_similarity(source, target)
    return np.column_stack([scale * rotation, shift])


def invert(matrix: Array) -> Array:
    """The inverse of a 2×3 affine matrix, in float64."""
    linear = np.linalg.inv(matrix[:, :2])
    return np.column_stack([linear, -linear @ matrix[:, 2]])


def transform(points: Array, matrix: Array) -> Array:
    """Apply a 2×3 matrix to …×2 points."""
    moved: Array = points @ matrix[:, :2].T + matrix[:, 2]
    return moved


def sample(image: Kind, to_image: Array, size: int, interpolation: int = cv2.INTER_LINEAR) -> Kind:
    """size×size×3 pixels of `image`, in its type; `to_image` (2×3) leads from their places to the image's.

    Where the image is finer than the crop it is averaged down first, so that detail does not flicker. Places
    outside the image repeat its border.
    """
    step = max(1, round(math.sqrt(abs(float(np.linalg.det(to_image[:, :2]))))))
    if step > 1:
        corners = transform(np.array([[0.0, 0], [size, 0], [0, size], [size, size]]), to_image)
        limit = np.array(image.shape[1::-1])
        low = np.clip(corners.min(0).astype(int) - step, 0, limit)
        high = np.clip(corners.max(0).astype(int) + 2 * step, 0, limit)
        width, height = (high - low) // step
        if width > 0 and height > 0:
            part = image[low[1] : low[1] + height * step, low[0] : low[0] + width * step]
            image = cast(Kind, cv2.resize(part, (int(width), int(height)), interpolation=cv2.INTER_AREA))
            to_image = to_image / step
            to_image[:, 2] += (0.5 - low) / step - 0.5
    flags = interpolation | cv2.WARP_INVERSE_MAP
    return cast(Kind, cv2.warpAffine(image, to_image, (size, size), flags=flags, borderMode=cv2.BORDER_REPLICATE))


def in_part(motion: NDArray[np.float64], corner: tuple[int, int]) -> NDArray[np.float64]:
    """A similarity of the frame's pixels as one of the pixels of a part that begins at `corner`."""
    moved = motion.copy()
    moved[:, 2] += motion[:, :2] @ np.asarray(corner, np.float64) - corner
    return moved
