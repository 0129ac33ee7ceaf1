"""From FAN's heatmaps to points."""

import numpy as np
from numpy.typing import NDArray

_LEAST = 1e-6
# The peak of a sure point. FAN learned peaks of 1 and gives less; this is a choice and was not measured.
_SURE_PEAK = 0.4


def decode(heatmaps: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """N×P×H×W heatmaps to points N×P×2 (x, y) in cells from the map's edge, and the height of their peaks N×P.

    (0.5, 0.5) is the middle of the first cell. The maps are Gaussians, so the logarithm around the highest cell is a
    parabola, whose top is the point: steps of a quarter of a cell, as in the original code, would be seen as jitter.
    Source: Zhang et al., "Distribution-Aware Coordinate Representation for Human Pose Estimation", 2020.
    """
    n, p, _, width = heatmaps.shape
    best = heatmaps.reshape(n, p, -1).argmax(2)
    rows, columns = best // width, best % width
    padded = np.pad(heatmaps.astype(np.float64), ((0, 0), (0, 0), (1, 1), (1, 1)), mode="edge")
    logs = np.log(np.maximum(padded, _LEAST))
    i, j = np.ogrid[:n, :p]
    middle = logs[i, j, rows + 1, columns + 1]
    x = _top(logs[i, j, rows + 1, columns], middle, logs[i, j, rows + 1, columns + 2])
    y = _top(logs[i, j, rows, columns + 1], middle, logs[i, j, rows + 2, columns + 1])
    points = np.stack([columns + 0.5 + x, rows + 0.5 + y], 2)
    return points, heatmaps[i, j, rows, columns].astype(np.float64)


def _top(before: NDArray[np.float64], middle: NDArray[np.float64], after: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where the parabola through three neighbours is highest, −0.5 to 0.5 from the middle one."""
    bend = 2 * middle - before - after
    return np.clip(np.where(bend > 0, (after - before) / np.maximum(2 * bend, 1e-12), 0), -0.5, 0.5)


def face_scores(peaks: NDArray[np.float64]) -> NDArray[np.float64]:
    """How sure N faces are, 0–1, from the peaks of their points (N×P)."""
    scores: NDArray[np.float64] = np.clip(peaks / _SURE_PEAK, 0, 1).mean(1)
    return scores
