"""Things drawn over faces, so that few painted masks teach what covers a face: made of random shapes and surfaces.

Pictures are S×S×3 RGB float32 in 0–1. Compositing known occluders over faces for training is the idea of Saito et al.,
"Real-Time Facial Segmentation and Performance Capture from RGB Input", 2016, and Nirkin et al., "On Face Segmentation,
Face Swapping, and Face Perception", 2018; these here are drawn and not cut out of pictures, so nothing is shipped.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from .shapes import SHAPES, Alpha, Random

Picture = NDArray[np.float32]


def cover(picture: Picture, oval: Alpha, others: Callable[[], Picture], random: Random) -> tuple[Picture, Alpha]:
    """The picture with one to three things over it, and where they are: S×S float32 in 0–1.

    oval: where the face is, S×S; its colours are those of hands. others: gives a random other face's picture S×S×3.
    """
    size = picture.shape[0]
    covered = np.zeros((size, size), np.float32)
    for _ in range(1 + int(random.random() < 0.3) + int(random.random() < 0.1)):
        alpha = SHAPES[int(random.integers(len(SHAPES)))](size, random)
        # skin over skin without an edge nor a shadow is what nobody could tell apart: it would teach to doubt cheeks
        skin = random.random() < 0.4
        alpha = _soft(alpha, 0.3 if skin else 1.0, random)
        surface = _skin(picture, oval, others, random) if skin else _surface(picture, others, random)
        surface = _shaded(surface, alpha, 0.5 if skin else 0.0, random)
        if skin or random.random() < 0.6:
            picture = _shadow(picture, alpha, random)
        picture = picture + (surface - picture) * alpha[..., None]
        covered = covered + alpha * (1 - covered)
    return np.asarray(picture, np.float32), np.asarray(covered, np.float32)


def _soft(alpha: Alpha, most: float, random: Random) -> Alpha:
    """Out of focus, moved while the shutter was open, or neither; `most`: how much of it, 0–1."""
    size, kind = alpha.shape[0], random.random()
    if kind < 0.35:
        sigma = max(most * random.uniform(0.002, 0.02) * size, 0.3)
        return np.asarray(cv2.GaussianBlur(alpha, (0, 0), sigma), np.float32)
    if kind < 0.6:
        return streak(alpha, most * random.uniform(0.01, 0.08) * size, random)
    return alpha


def streak(picture: NDArray[np.float32], length: float, random: Random) -> NDArray[np.float32]:
    """A picture or an alpha as if it had moved `length` pixels while the shutter was open, in a random direction."""
    side = max(3, round(length)) | 1
    kernel = np.zeros((side, side), np.float32)
    angle, middle = random.uniform(0, np.pi), side // 2
    end = (round(middle * (1 + np.cos(angle))), round(middle * (1 + np.sin(angle))))
    cv2.line(kernel, (2 * middle - end[0], 2 * middle - end[1]), end, 1.0, 1, cv2.LINE_AA)
    return np.asarray(cv2.filter2D(picture, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE), np.float32)


def _surface(picture: Picture, others: Callable[[], Picture], random: Random) -> Picture:
    """What the thing is made of: another picture's texture, a plain colour, or coarse noise."""
    size, kind = picture.shape[0], random.random()
    if kind < 0.4:
        return _turned(others(), random)
    base = np.full((size, size, 3), random.uniform(0, 1, 3) if random.random() < 0.5 else random.uniform(0, 0.9))
    if kind < 0.75:
        nodes, strength = int(random.integers(2, 5)), random.uniform(0, 0.15)
    else:
        nodes, strength = int(random.integers(8, max(9, size // 2))), random.uniform(0.05, 0.4)
    channels = 3 if random.random() < 0.4 else 1
    return np.asarray(np.clip(base + _noise(size, nodes, strength, channels, random), 0, 1), np.float32)


def _noise(size: int, nodes: int, strength: float, channels: int, random: Random) -> Picture:
    """Size×size×channels: random numbers at nodes×nodes places, smoothly interpolated."""
    values = random.normal(0, strength, (nodes, nodes, channels)).astype(np.float32)
    smooth = cv2.resize(values, (size, size), interpolation=cv2.INTER_CUBIC).reshape(size, size, channels)
    return np.asarray(smooth, np.float32)


def _skin(picture: Picture, oval: Alpha, others: Callable[[], Picture], random: Random) -> Picture:
    """The colour of some place of a face all over, a little lighter or darker, with a touch of texture."""
    size = picture.shape[0]
    if random.random() < 0.3:
        picture = others()
    rows, columns = np.nonzero(oval > 0.9)
    pick = int(random.integers(len(rows))) if len(rows) else 0
    row, column = (int(rows[pick]), int(columns[pick])) if len(rows) else (size // 2, size // 2)
    reach = max(2, size // 24)
    patch = picture[max(0, row - reach) : row + reach, max(0, column - reach) : column + reach]
    colour = np.median(patch.reshape(-1, 3), axis=0) * random.uniform(0.7, 1.35) * random.uniform(0.94, 1.06, 3)
    noise = _noise(size, int(random.integers(3, 12)), random.uniform(0.005, 0.05), 1, random)
    return np.asarray(np.clip(colour + noise, 0, 1), np.float32)


def _turned(picture: Picture, random: Random) -> Picture:
    """A piece of a picture, turned and scaled at random."""
    size = picture.shape[0]
    scale = random.uniform(0.8, 3.0)
    matrix = cv2.getRotationMatrix2D((size / 2, size / 2), random.uniform(0, 360), scale)
    matrix[:, 2] += random.uniform(-0.4, 0.4, 2) * size * scale
    turned = cv2.warpAffine(picture, matrix, (size, size), borderMode=cv2.BORDER_REFLECT)
    return np.asarray(np.clip(turned * random.uniform(0.5, 1.4), 0, 1), np.float32)


def _shaded(surface: Picture, alpha: Alpha, least: float, random: Random) -> Picture:
    """Round, as bodies are: lit from one side, darker towards the edge; `least`: how strongly at least, 0–1."""
    size = alpha.shape[0]
    depth = cv2.distanceTransform((alpha > 0.5).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_3)
    height = np.sqrt(np.minimum(depth / (random.uniform(0.03, 0.12) * size), 1))
    height = cv2.GaussianBlur(height, (0, 0), max(0.8, 0.008 * size))
    angle, strength = random.uniform(0, 2 * np.pi), random.uniform(least, 1) * 0.03 * size
    down, right = np.gradient(height)
    light = 1 + strength * (np.cos(angle) * right + np.sin(angle) * down) + random.uniform(0, 0.3) * (height - 0.7)
    return np.asarray(np.clip(surface * np.clip(light, 0.3, 1.8)[..., None], 0, 1), np.float32)


def _shadow(picture: Picture, alpha: Alpha, random: Random) -> Picture:
    """What the thing keeps the light from: the face beside it is darker and yet seen."""
    size = alpha.shape[0]
    shift = np.array([[1, 0, 0], [0, 1, 0]], np.float64)
    shift[:, 2] = random.normal(0, 0.04, 2) * size
    shadow = cv2.GaussianBlur(alpha, (0, 0), random.uniform(0.01, 0.05) * size)
    shadow = cv2.warpAffine(shadow, shift, (size, size), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(picture * (1 - random.uniform(0.1, 0.6) * shadow[..., None]), np.float32)
