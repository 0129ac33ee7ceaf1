"""An even choice of faces over poses and expressions."""

import numpy as np
from numpy.typing import NDArray

from .poses import sort_into_cells
from .table import Table

STEPS = {"yaw": 10.0, "pitch": 8.0, "mouth": 0.06, "eyes": 0.3, "smile": 0.03, "brow": 0.04}
"""How much of each score makes a face another one, to the artist and to the network."""


def features(table: Table) -> NDArray[np.float64]:
    """N×6: pose and expression, in `STEPS`."""
    return np.stack([table[name] / step for name, step in STEPS.items()], 1)


def pick_even(table: Table, count: int) -> NDArray[np.bool_]:
    """N: the `count` faces, or all where there are no more, that show poses and expressions as evenly as possible."""
    cells = sort_into_cells(table)
    names = np.stack([cells.column, cells.row, cells.state], 1)
    _, numbers = np.unique(names.reshape(-1, 3), axis=0, return_inverse=True)
    return pick(features(table), numbers.reshape(-1), table["sharpness"], count)


def pick(
    points: NDArray[np.float64], cells: NDArray[np.integer], quality: NDArray[np.float64], count: int
) -> NDArray[np.bool_]:
    """N: a choice of `count` of N×D points in cells 0…C-1.

    Every cell gives as many as any other, as far as it has them; where that does not come out even, the cells that
    are furthest from one another give one more. Within a cell the point of the best quality comes first and then,
    again and again, the point furthest from those that were chosen. Equal points go by their order.
    """
    chosen = np.zeros(len(points), np.bool_)
    if count >= len(points):
        return ~chosen
    sizes = np.bincount(cells)
    shares = np.zeros_like(sizes)
    middles = np.stack([points[cells == cell].mean(0) for cell in range(len(sizes))])
    turn, _ = farthest_first(middles, int(sizes.argmax()), len(sizes))
    while (left := count - int(shares.sum())) > 0:
        hungry = turn[shares[turn] < sizes[turn]][:left]
        shares[hungry] += 1
    for cell, share in enumerate(shares):
        members = np.flatnonzero(cells == cell)
        if share:
            picked, _ = farthest_first(points[members], int(quality[members].argmax()), int(share))
            chosen[members[picked]] = True
    return chosen


def farthest_first(
    points: NDArray[np.floating], first: int | None, count: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """`count` of N×D points, each the furthest from those before it, and its distance to the nearest of these.

    first: the number of the one to begin with; None is the nearest to the middle of all.
    Source: Gonzalez, "Clustering to minimize the maximum intercluster distance", 1985 (farthest-first traversal).
    """
    if not len(points):
        return np.zeros(0, np.int64), np.zeros(0)
    if first is None:
        first = int(np.linalg.norm(points - points.mean(0), axis=1).argmin())
    order, distances = [first], [0.0]
    away = np.linalg.norm(points - points[first], axis=1)
    away[first] = -1
    while len(order) < count:
        following = int(away.argmax())
        order.append(following)
        distances.append(float(away[following]))
        away = np.minimum(away, np.linalg.norm(points - points[following], axis=1))
        away[following] = -1
    return np.array(order, np.int64), np.array(distances)
