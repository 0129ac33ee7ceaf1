"""Faces a second time with their lids drawn shut: footage has few blinks, and a swap must have them in every pose.

    the face            drawn shut
    ─ brow ─            ─ brow ─
    skin                skin,
    ⌒ upper lid         drawn down
    eye                 ⌣ upper lid
    ⌣ lower lid         ⌣ lower lid

What lies between brow and upper lid is drawn down to the lower lid; all else stays as it is.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.faces.regions import LEFT_EYE, RIGHT_EYE
from ml_backend.media.frame import Pixels

# of each eye: the rim from the corner at the left of the picture over the lower lid and back over the upper one, and
# the lower edge of the brow
_EYES = (
    (LEFT_EYE, (46, 53, 52, 65, 55)),
    (np.roll(RIGHT_EYE[::-1], 9), (285, 295, 282, 283, 276)),
)
_CORNER = 8  # of the rim: where the lower lid ends
_BELOW_BROW = 0.8  # of the way from the lid to the brow: what lies above stays
_OPEN, _TURNED = 0.6, 50.0  # openness from which on lids are drawn, and degrees of yaw up to which both eyes are seen
_SHUT, _LEAST = 0.6, 0.3  # part of the faces whose lids are drawn shut, and how far those of the others are at least


@dataclass(frozen=True)
class Blinks:
    """Which faces are learned a second time, K numbers in ascending order, and how far their lids are drawn: K in 0–1,
    1 shut."""

    faces: NDArray[np.int64]
    closed: NDArray[np.float64]


def choose_blinks(poses: NDArray[np.float64], eyes: NDArray[np.float64], part: float) -> Blinks:
    """Spread evenly over those of N faces whose eyes are open and seen, `part` (0–1) of these.

    poses: N×2, yaw and pitch in degrees; eyes: N, how open they are, 1 as they can be. The same every time.
    """
    suited = np.flatnonzero((eyes >= _OPEN) & (np.abs(poses[:, 0]) <= _TURNED))
    count = round(part * len(suited))
    faces = suited[np.linspace(0, len(suited) - 1, count).round().astype(np.int64)] if count else suited[:0]
    chance = np.random.default_rng(0)
    shut = chance.random(count) < _SHUT
    return Blinks(np.asarray(faces, np.int64), np.where(shut, 1.0, chance.uniform(_LEAST, 1, count)))


def draw_lids(picture: Pixels, points: NDArray[np.float64], closed: float) -> Pixels:
    """The picture H×W×3 with both upper lids drawn down by `closed` (0–1) of their gap. points: 478×2 or more, pixels.

    Everything but the lids and what lies between them is as it was, to the bit.
    """
    drawn = picture.copy()
    for rim, brow in _EYES:
        lower, upper = rim[: _CORNER + 1], np.append(rim[0], rim[: _CORNER - 1 : -1])
        corner, across = points[upper[0], :2], points[upper[-1], :2] - points[upper[0], :2]
        width = float(np.linalg.norm(across))
        if width < 1:
            continue
        # u runs from corner to corner, v from the brow down
        axes = np.array([across, [-across[1], across[0]]]) / width
        lines = [(points[list(part), :2] - corner) @ axes.T for part in (upper, lower, brow)]
        rows, columns = _around(np.concatenate(lines) @ axes + corner, picture.shape)
        y, x = np.mgrid[rows, columns].astype(np.float32)
        u, v = np.tensordot(axes.astype(np.float32), np.stack([x - corner[0], y - corner[1]]).astype(np.float32), 1)
        upper_v, lower_v, brow_v = (_height(line, u) for line in lines)
        lower_v = np.maximum(lower_v, upper_v)
        top = upper_v - _BELOW_BROW * np.maximum(upper_v - brow_v, 1)
        edge = upper_v + np.float32(closed) * (lower_v - upper_v)
        from_skin = top + (v - top) * (upper_v - top) / np.maximum(edge - top, 1e-3)
        from_eye = upper_v + (v - edge) * (lower_v - upper_v) / np.maximum(lower_v - edge, 1e-3)
        inside = (u > 0) & (u < width) & (v > top) & (v < lower_v)
        step = np.where(inside, np.where(v <= edge, from_skin, from_eye) - v, 0).astype(np.float32)
        moved = cv2.remap(
            picture,
            x + step * np.float32(axes[1, 0]),
            y + step * np.float32(axes[1, 1]),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        np.copyto(drawn[rows, columns], moved, where=inside[..., None])
    return drawn


def _around(points: NDArray[np.float64], shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Rows and columns of a picture that hold the points."""
    low = np.clip(np.floor(points.min(0)).astype(int), 0, (shape[1] - 1, shape[0] - 1))
    high = np.clip(np.ceil(points.max(0)).astype(int) + 1, low + 1, shape[1::-1])
    return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))


def _height(line: NDArray[np.float64], u: NDArray[np.float32]) -> NDArray[np.float32]:
    """v of a line of points (P×2: u, v) at each u."""
    order = np.argsort(line[:, 0])
    return np.asarray(np.interp(u, line[order, 0], line[order, 1]), np.float32)
