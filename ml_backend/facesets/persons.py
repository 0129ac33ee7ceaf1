"""Whose faces are these? Answers from the embeddings of a whole faceset."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml_backend.faces.recognition import SAME_PERSON

RUN = 10  # faces of a track that are judged together: one turned or blurred face says little about who it is
_ROUNDS = 20


def middle(embeddings: NDArray[np.float32]) -> NDArray[np.float64]:
    """The middle (128) of the person that most of N×128 embeddings belong to, N ≥ 1.

    The half of the faces that is nearest to the middle gives the next middle, so that some faces of others do not
    move it.
    """
    values = embeddings.astype(np.float64)
    centre: NDArray[np.float64] = np.median(values, axis=0)
    for _ in range(_ROUNDS):
        order = np.argsort(np.linalg.norm(values - centre, axis=1), kind="stable")
        better = values[order[: (len(values) + 1) // 2]].mean(0)
        if np.allclose(better, centre):
            break
        centre = better
    return centre


def likeness(embeddings: NDArray[np.float32]) -> NDArray[np.float64]:
    """N: 1 minus the distance of each of N×128 embeddings to their middle."""
    if not len(embeddings):
        return np.zeros(0)
    away: NDArray[np.float64] = np.linalg.norm(embeddings - middle(embeddings), axis=1)
    return 1 - away


def runs(
    sources: Sequence[Path], tracks: NDArray[np.int64], frames: NDArray[np.int64], length: int = RUN
) -> NDArray[np.int64]:
    """N: the number of each face's run: at most `length` faces of one track of one source that follow one another."""
    order = sorted(range(len(sources)), key=lambda n: (str(sources[n]), int(tracks[n]), int(frames[n])))
    numbers = np.zeros(len(order), np.int64)
    run, inside, before = -1, 0, None
    for n in order:
        place = (sources[n], int(tracks[n]))
        if place != before or inside == length:
            run, inside, before = run + 1, 0, place
        numbers[n] = run
        inside += 1
    return numbers


def means(embeddings: NDArray[np.float32], groups: NDArray[np.int64]) -> NDArray[np.float64]:
    """G×128: the mean embedding of each group 0…G-1 of N×128 embeddings."""
    count = int(groups.max()) + 1 if len(groups) else 0
    sums = np.zeros((count, embeddings.shape[1]))
    np.add.at(sums, groups, embeddings.astype(np.float64))
    return sums / np.bincount(groups, minlength=count)[:, None]


def persons(
    embeddings: NDArray[np.float32], groups: NDArray[np.int64], limit: float = SAME_PERSON
) -> NDArray[np.int64]:
    """N: the person of each of N×128 embeddings, 0 for the one with most faces; a group is never split.

    Groups are gathered around as many middles as it takes for none to be further than `limit` from its own; middles
    nearer than that to one another become one. The result does not depend on chance.
    Source: Kulis & Jordan, "Revisiting k-means: new algorithms via Bayesian nonparametrics", 2012.
    """
    if not len(embeddings):
        return np.zeros(0, np.int64)
    points, weights = means(embeddings, groups), np.bincount(groups).astype(np.float64)
    order = np.argsort(-weights, kind="stable")
    centres = points[order[:1]]
    mine = np.zeros(len(points), np.int64)
    for _ in range(_ROUNDS):
        before = mine.copy()
        for n in order:
            away = np.linalg.norm(centres - points[n], axis=1)
            mine[n] = away.argmin()
            if away[mine[n]] > limit:
                mine[n] = len(centres)
                centres = np.vstack([centres, points[n]])
        centres, mine = _joined(*_centres(points, weights, mine), mine, limit)
        if (mine == before).all():
            break
    faces = np.bincount(mine, weights)
    rank = np.empty(len(faces), np.int64)
    rank[np.argsort(-faces, kind="stable")] = np.arange(len(faces))
    return rank[mine][groups]


def _centres(
    points: NDArray[np.float64], weights: NDArray[np.float64], mine: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The weighted middle and the weight of each group in use; `mine` is renumbered in place."""
    _, mine[:] = np.unique(mine, return_inverse=True)
    size = np.bincount(mine, weights).astype(np.float64)
    sums = np.zeros((len(size), points.shape[1]))
    np.add.at(sums, mine, points * weights[:, None])
    return sums / size[:, None], size


def _joined(
    centres: NDArray[np.float64], sizes: NDArray[np.float64], mine: NDArray[np.int64], limit: float
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Middles nearer than `limit` to one another made one, the nearest two first."""
    while len(centres) > 1:
        squares = (centres**2).sum(1)  # not centre by centre: of thousands of strangers that would be gigabytes
        away = np.sqrt(np.maximum(squares[:, None] + squares - 2 * centres @ centres.T, 0))
        np.fill_diagonal(away, np.inf)
        a, b = sorted(int(n) for n in np.unravel_index(away.argmin(), away.shape))
        if away[a, b] > limit:
            break
        total = sizes[a] + sizes[b]
        centres[a] = (centres[a] * sizes[a] + centres[b] * sizes[b]) / total
        sizes[a] = total
        centres, sizes = np.delete(centres, b, 0), np.delete(sizes, b)
        mine = np.where(mine == b, a, mine)
        mine = np.where(mine > b, mine - 1, mine)
    return centres, mine
