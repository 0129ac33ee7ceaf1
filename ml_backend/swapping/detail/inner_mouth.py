"""Teeth and tongue as the performer shows them, between the lips of the made face.

A network needs long until it paints teeth, since they are small, seldom seen and never quite in one place. What lies
between the lips belongs to the performance, too. So the plate's is laid between the made face's lips, moved as those
lie beside the performer's. Artists mask the mouth out to get it; then the performer's own lips show as well.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.faces.geometry import invert, transform
from ml_backend.swapping.blend import Mask, Picture, masked

SOFT, REACH = 0.02, 4  # σ of the edge along the lips, in eye distances, and how many of it count
STIFF = 0.02  # eye distances: lips that are less far apart hardly tell how wide the mouths are open
MOST = 1.6  # times that a mouth is stretched or squeezed, at most
FINER, BITS = 4, 4  # times as many pixels at which a mouth is drawn, and bits of a place between two of them


def lay_inner_mouth(
    picture: Picture,
    plate: Picture,
    lips: NDArray[np.float64],
    performer: NDArray[np.float64],
    placed: NDArray[np.float64],
    weight: Mask,
    visible: Mask | None,
    unit: float,
) -> Picture:
    """The picture H×W×3 with what the plate H×W×3 shows between the performer's lips between these lips.

    lips: N×2, the outline of the gap between the lips in the picture; performer: N×2, the performer's, as moved with
    the made face by `placed` (2×3, from the plate's pixels to the picture's). weight: H×W, how much of it is laid on.
    visible: H×W, where nothing covers the plate's face. unit: the distance of the outer eye corners in pixels. Where
    either mouth is shut the picture stays as it is; the result is a new one.
    """
    margin = math.ceil(REACH * SOFT * unit) + 1
    low = np.maximum(np.floor(lips.min(0)).astype(int) - margin, 0)
    high = np.minimum(np.ceil(lips.max(0)).astype(int) + margin + 1, weight.shape[::-1])
    if (low >= high).any():
        return picture
    rows, columns = slice(low[1], high[1]), slice(low[0], high[0])
    shape = (int(high[1] - low[1]), int(high[0] - low[0]))
    between = _between(lips, performer, STIFF * unit)
    gaps = [_filled(shape, outline - low) for outline in (lips, transform(performer, invert(between)))]
    share = cv2.GaussianBlur(np.minimum(*gaps), (0, 0), max(SOFT * unit, 0.5)) * weight[rows, columns]
    source = invert(placed) @ np.vstack([between, [0, 0, 1]])
    source[:, 2] += source[:, :2] @ low
    if visible is not None:
        share *= _part(visible, source, shape, cv2.INTER_LINEAR)
    result = picture.copy()
    result[rows, columns] += masked(_part(plate, source, shape, cv2.INTER_CUBIC) - result[rows, columns], share)
    return result


def _between(lips: NDArray[np.float64], performer: NDArray[np.float64], stiff: float) -> NDArray[np.float64]:
    """2×3, from places between these lips to those between the performer's: the nearest affine map that stretches or
    squeezes by `MOST` at most. stiff: pixels of the lips' spread that count as much as no stretch."""
    middle, step = lips.mean(0), performer - lips
    around, mean = lips - middle, step.mean(0)
    held = around.T @ around + len(lips) * stiff**2 * np.eye(2)
    u, sizes, v = np.linalg.svd(np.eye(2) + np.linalg.solve(held, around.T @ (step - mean)).T)
    linear = (u * np.clip(sizes, 1 / MOST, MOST)) @ v
    return np.column_stack([linear, middle + mean - linear @ middle])


def _filled(shape: tuple[int, int], outline: NDArray[np.float64]) -> Mask:
    """How much of each pixel lies within the outline N×2, H×W; drawn larger, since a line is a pixel wide at least."""
    filled = np.zeros((shape[0] * FINER, shape[1] * FINER), np.uint8)
    places = ((outline + 0.5) * FINER - 0.5) * (1 << BITS)
    cv2.fillPoly(filled, [np.round(places).astype(np.int32)], 255, cv2.LINE_8, BITS)
    covered = cv2.resize(filled, shape[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(covered / np.float32(255), np.float32)


def _part(
    image: NDArray[np.float32], source: NDArray[np.float64], shape: tuple[int, int], interpolation: int
) -> NDArray[np.float32]:
    flags = interpolation | cv2.WARP_INVERSE_MAP
    part = cv2.warpAffine(image, source, shape[::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(part, np.float32)
