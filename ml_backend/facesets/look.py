"""What a face looks like in a few numbers, so that two faces can be told apart without their pictures."""

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.faces.alignment import FACE, Framing
from ml_backend.faces.reframing import between
from ml_backend.faces.regions import landmarks68

_THUMBNAIL = 12
_FEATURES = np.r_[36:48, 60:68]  # of the 68 points: eyes and inner lips, which a thumbnail is too coarse for
LENGTH = _THUMBNAIL**2 + 2 * len(_FEATURES)
_BLOCK = 512


def look(grey: NDArray[np.float32], points: NDArray[np.float64], framing: Framing) -> NDArray[np.float16]:
    """184 numbers: an even-contrast thumbnail of the face, and the places of eyes and lips in eye distances.

    grey: the crop's luminance, points: the mesh (478×2) in its pixels, framing: that of the whole crop. The
    Euclidean distance of two looks joins the difference of the thumbnails (root mean square, in their contrast) and
    that of the places: 0.01–0.02 for one frame in two encodings, 0.04 and more for neighbouring frames of somebody
    who moves.
    """
    size = grey.shape[0]
    side = round(size * FACE.side / framing.side)
    inner = cv2.warpAffine(grey, between(framing, size, FACE, side), (side, side), borderMode=cv2.BORDER_REPLICATE)
    thumbnail = cv2.resize(inner, (_THUMBNAIL, _THUMBNAIL), interpolation=cv2.INTER_AREA)
    thumbnail = (thumbnail - thumbnail.mean()) / max(float(thumbnail.std()), 1 / 255)
    places = (landmarks68(points)[_FEATURES] - (size - 1) / 2) / (size / framing.side)
    joined = [thumbnail.ravel() / _THUMBNAIL, places.ravel() / np.sqrt(len(_FEATURES))]
    return np.concatenate(joined).astype(np.float16)


def nearest(looks: NDArray[np.float16]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """How far the nearest other one of N looks is from each, and which it is; a lone one has itself at infinity."""
    count = len(looks)
    squares, others = np.full(count, np.inf, np.float32), np.arange(count)
    for start in range(0, count, _BLOCK):
        mine = looks[start : start + _BLOCK].astype(np.float32)
        for first in range(start, count, _BLOCK):
            between = _squares(mine, looks[first : first + _BLOCK].astype(np.float32))
            if first == start:
                np.fill_diagonal(between, np.inf)
            for at, to, table in ((start, first, between), (first, start, between.T)):
                best = table.argmin(1)
                least = table[np.arange(len(table)), best]
                part = slice(at, at + len(table))
                closer = least < squares[part]
                squares[part][closer] = least[closer]
                others[part][closer] = to + best[closer]
    return np.sqrt(squares), others


def repeats(looks: NDArray[np.float16], order: NDArray[np.integer], limit: float) -> NDArray[np.bool_]:
    """N: whether a look is nearer than `limit` to one that comes before it in `order` and is no repeat itself."""
    found = np.zeros(len(looks), np.bool_)
    kept: list[NDArray[np.float32]] = []
    for start in range(0, len(order), _BLOCK):
        block = order[start : start + _BLOCK]
        mine = looks[block].astype(np.float32)
        near = np.zeros(len(block), np.bool_)
        for one in kept:
            near |= (_squares(mine, one) < limit**2).any(1)
        among = _squares(mine, mine) < limit**2
        for i in range(len(block)):
            near[i] = near[i] or bool((among[i, :i] & ~near[:i]).any())
        found[block] = near
        if not near.all():
            kept.append(mine[~near])
    return found


def chain(looks: NDArray[np.float16]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """N looks in an order in which each is as near as can be to the one before it, and its distance to that one.

    The first is the one that is furthest from the middle of all. What resembles nothing comes at the end.
    """
    values = looks.astype(np.float32)
    left = np.ones(len(values), np.bool_)
    order, steps = np.zeros(len(values), np.int64), np.zeros(len(values))
    squares = (values**2).sum(1)
    middle = values.mean(0) if len(values) else values
    for n in range(len(values)):
        here = values[order[n - 1]] if n else middle
        away = np.maximum(squares - 2 * (values @ here) + here @ here, 0)
        order[n] = np.where(left, away, -1).argmax() if n == 0 else np.where(left, away, np.inf).argmin()
        steps[n] = np.sqrt(away[order[n]]) if n else 0.0
        left[order[n]] = False
    return order, steps


def _squares(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """The squared distances (A×B) of A×D and B×D points."""
    squares: NDArray[np.float32] = a @ b.T
    squares *= -2
    squares += (a**2).sum(1)[:, None]
    squares += (b**2).sum(1)
    return np.maximum(squares, 0, out=squares)
