"""CenterFace: the detector that starts a track."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ml_backend.media.frame import Pixels

from .detection_canvas import draw, turn_back
from .detection_merge import Detection, merge_looks, merge_overlapping
from .detection_views import LARGEST, SmallestFace, View, finer, whole
from .onnx_model import most_at_once, open_model, to_batch

__all__ = ["CenterFace", "Detection", "SmallestFace", "merge_overlapping"]

STRIDE = 4  # the network's output grid
CPU_BATCH, GPU_BATCH = 2, 8  # canvases at once, 50 MB of memory each: more are no faster on a CPU

Candidates = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
"""Boxes N×4, points N×5×2 and scores N."""


class CenterFace:
    """Finds faces in a frame of any size.

    A quick call looks at the whole frame once, its longer side scaled to `size`: with 480 it finds faces from a
    thirtieth of that side on, up to a roll of about 60°. A thorough one, which costs some fifteen times as much, also
    finds those from `smallest` on, by looking at overlapping tiles of finer scales, and those that lie or are upside
    down, by looking at the whole frame turned by each quarter (`turned_tiles`: the tiles too, at four times the cost).
    Both lift dark pictures. The memory does not grow with the frame. Where `smallest` says so, smaller faces are left
    out.

    Source: Xu et al., "CenterFace: Joint Face Detection and Alignment Using Face as Point", 2019.
    """

    def __init__(
        self,
        size: int = 480,
        min_score: float = 0.35,
        smallest: SmallestFace | None = None,
        turned_tiles: bool = False,
    ) -> None:
        self._size = size
        self._min_score = min_score
        self._smallest = smallest or SmallestFace()
        self._turned_tiles = turned_tiles
        self._session = open_model("centerface")
        self._batch = most_at_once(self._session, CPU_BATCH, GPU_BATCH)

    def __call__(self, image: Pixels, thorough: bool = False) -> list[Detection]:
        """The faces in an H×W×3 RGB picture (uint8 or uint16), best first."""
        height, width = image.shape[:2]
        view = self._whole(image)
        if not thorough:
            ((_, faces),) = self._look([(image, view)])
            return self._large(faces)
        # a turned face that fills the frame is seen rightly at half the size only
        coarse = whole(width, height, max(view.width, view.height, 2) // 2, least=LARGEST)
        looks = [*self._look([(image, view)], range(4)), *self._look([(image, coarse)], range(4))]
        for views in finer(width, height, self._smallest.side(height), view):
            looks += self._look([(image, one) for one in views], range(4) if self._turned_tiles else (0,))
        return self._large(merge_looks(looks))

    def each(self, images: Sequence[Pixels]) -> list[list[Detection]]:
        """The faces in each of N pictures of one size, as quick calls find them, but in batches and of every size."""
        views = [(image, self._whole(image)) for image in images]
        found = [self._candidates(views[n : n + self._batch], (0,)) for n in range(0, len(views), self._batch)]
        return [merge_overlapping(*candidates) for batch in found for candidates in batch[0]]

    def _whole(self, image: Pixels) -> View:
        height, width = image.shape[:2]
        return whole(width, height, min(self._size, max(width, height)))

    def _large(self, faces: list[Detection]) -> list[Detection]:
        """Without those that are too small to be wanted."""
        return [one for one in faces if (one.box[2:] - one.box[:2]).max() >= self._smallest.left_out_below]

    def _look(
        self, places: Sequence[tuple[Pixels, View]], turns: Sequence[int] = (0,)
    ) -> list[tuple[int, list[Detection]]]:
        """The faces in views of one size, for each turn: how many quarters counterclockwise; the faces."""
        found: dict[int, list[Candidates]] = {quarters: [] for quarters in turns}
        for start in range(0, len(places), self._batch):
            for quarters, candidates in self._candidates(places[start : start + self._batch], turns).items():
                found[quarters] += candidates
        looks = []
        for quarters, some in found.items():
            boxes, points, scores = (np.concatenate(parts) for parts in zip(*some, strict=True))
            looks.append((quarters, merge_overlapping(boxes, points, scores)))
        return looks

    def _candidates(self, places: Sequence[tuple[Pixels, View]], turns: Sequence[int]) -> dict[int, list[Candidates]]:
        """One batch through the network: the candidates in each view, in pixels of its picture, by turn."""
        found: dict[int, list[Candidates]] = {quarters: [] for quarters in turns}
        canvases = [draw(image, view) for image, view in places]
        height, width = canvases[0].shape[:2]
        for quarters in turns:
            batch = to_batch([np.rot90(canvas, quarters) for canvas in canvases])
            for (_, view), *output in zip(places, *self._session.run(None, {"image": batch}), strict=True):
                boxes, points, scores = self._decode(*output)
                corners = turn_back(boxes.reshape(-1, 2, 2), quarters, width, height)
                boxes = np.concatenate([corners.min(1), corners.max(1)], 1)
                mine = view.answers_for(boxes)
                # canvas places count from the edge of the first pixel, picture places from its centre
                origin = np.array([view.left, view.top]) - 0.5
                placed = boxes[mine].reshape(-1, 2, 2) / view.scale + origin
                marks = turn_back(points[mine], quarters, width, height) / view.scale + origin
                found[quarters].append((placed.reshape(-1, 4), marks, scores[mine]))
        return found

    def _decode(
        self,
        heat: NDArray[np.float32],
        size: NDArray[np.float32],
        offset: NDArray[np.float32],
        marks: NDArray[np.float32],
    ) -> Candidates:
        """The network's maps (1, 2, 2, 10 × h × w) to candidates in canvas pixels, from its edge."""
        y, x = np.nonzero(heat[0] > self._min_score)
        extent = np.exp(size[::-1, y, x].T.astype(np.float64)) * STRIDE
        centre = (np.stack([x, y], 1) + offset[::-1, y, x].T + 0.5) * STRIDE
        low = centre - extent / 2
        points = marks[:, y, x].T.reshape(-1, 5, 2)[:, :, ::-1] * extent[:, None] + low[:, None]
        return np.concatenate([low, low + extent], 1), points, heat[0, y, x].astype(np.float64)
