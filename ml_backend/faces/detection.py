"""CenterFace: the detector that starts a track."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.media.frame import Pixels

from .onnx_model import as_8bit_range, open_model, to_batch

STRIDE = 4  # the network's output grid
MULTIPLE = 32  # its input sides must be multiples of this


@dataclass(frozen=True)
class Detection:
    """A face as the detector sees it: box x0, y0, x1, y1; five points, the eyes first; score 0–1."""

    box: NDArray[np.float64]
    points: NDArray[np.float64]
    score: float


class CenterFace:
    """Finds faces in a whole frame. `size` is the long side that it works at: 480 finds faces of 20 px in it.

    Source: Xu et al., "CenterFace: Joint Face Detection and Alignment Using Face as Point", 2019.
    """

    def __init__(self, size: int = 480, min_score: float = 0.35) -> None:
        self._size = size
        self._min_score = min_score
        self._session = open_model("centerface")

    def __call__(self, image: Pixels) -> list[Detection]:
        """The faces in an H×W×3 RGB picture (uint8 or uint16), best first."""
        canvas, scale = _fit(image, min(self._size, max(image.shape[:2])))
        heat, size, offset, marks = (
            out[0] for out in self._session.run(None, {"image": to_batch([as_8bit_range(canvas)])})
        )
        y, x = np.nonzero(heat[0] > self._min_score)
        extent = np.exp(size[::-1, y, x].T.astype(np.float64)) * STRIDE
        centre = (np.stack([x, y], 1) + offset[::-1, y, x].T + 0.5) * STRIDE
        low = centre - extent / 2
        points = marks[:, y, x].T.reshape(-1, 5, 2)[:, :, ::-1] * extent[:, None] + low[:, None]
        boxes = np.stack([low, low + extent], 1)
        # canvas places count from the edge of the first pixel, picture places from its centre
        return merge_overlapping(
            (boxes / scale - 0.5).reshape(-1, 4), points / scale - 0.5, heat[0, y, x].astype(np.float64)
        )


def _fit(image: Pixels, long_side: int) -> tuple[Pixels, NDArray[np.float64]]:
    """The picture scaled to `long_side` on a black canvas of whole multiples, and the scale in x and y."""
    height, width = image.shape[:2]
    factor = long_side / max(height, width)
    w, h = max(1, round(width * factor)), max(1, round(height * factor))
    canvas = np.zeros((-(-h // MULTIPLE) * MULTIPLE, -(-w // MULTIPLE) * MULTIPLE, 3), image.dtype)
    canvas[:h, :w] = cv2.resize(image, (w, h), interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR)
    return canvas, np.array([w / width, h / height])


def merge_overlapping(
    boxes: NDArray[np.float64],
    points: NDArray[np.float64],
    scores: NDArray[np.float64],
    same: float = 0.3,
    nested: float = 0.7,
) -> list[Detection]:
    """Candidates N×4, N×P×2, N that overlap by more than `same` become their score-weighted mean.

    The mean is steadier from frame to frame than the best candidate. A candidate that lies mostly (`nested`)
    inside a better one is dropped.
    """
    order, found = np.argsort(-scores, kind="stable"), []
    while len(order):
        union, inner = _overlap(boxes[order[0]], boxes[order])
        union[0] = 1  # itself, even where the box is too small to have an area
        alike = order[union > same]
        weights = scores[alike] / scores[alike].sum()
        found.append(
            Detection(weights @ boxes[alike], np.einsum("n,npc->pc", weights, points[alike]), float(scores[order[0]]))
        )
        order = order[(union <= same) & (inner <= nested)]
    return found


def _overlap(box: NDArray[np.float64], boxes: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Intersection over union, and over the smaller area, of one box with many."""
    low, high = np.maximum(box[:2], boxes[:, :2]), np.minimum(box[2:], boxes[:, 2:])
    inside = np.prod(np.maximum(high - low, 0), axis=1)
    area, areas = np.prod(box[2:] - box[:2]), np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    return inside / np.maximum(area + areas - inside, 1e-9), inside / np.maximum(np.minimum(area, areas), 1e-9)
