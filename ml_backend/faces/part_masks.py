"""Masks of a face's parts, drawn from its landmarks."""

from collections.abc import Iterable, Mapping
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from .regions import LEFT_EYE, LIPS, OVAL, RIGHT_EYE, fill

Part = Literal["oval", "brows", "eyes", "mouth"]
PARTS: tuple[Part, ...] = get_args(Part)

# A brow is a bent strip: its upper and its lower edge, from the outer end to the inner one.
_BROWS = (
    (np.array([70, 63, 105, 66, 107]), np.array([46, 53, 52, 65, 55])),
    (np.array([300, 293, 334, 296, 336]), np.array([276, 283, 282, 295, 285])),
)


def _quads(upper: NDArray[np.int64], lower: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """The convex pieces of a bent strip."""
    return [np.array([upper[n], upper[n + 1], lower[n + 1], lower[n]]) for n in range(len(upper) - 1)]


_POLYGONS: Mapping[Part, list[NDArray[np.int64]]] = {
    "oval": [OVAL],
    "brows": [quad for upper, lower in _BROWS for quad in _quads(upper, lower)],
    "eyes": [LEFT_EYE, RIGHT_EYE],
    "mouth": [LIPS],
}


def part_mask(shape: tuple[int, int], landmarks: NDArray[np.float64], parts: Iterable[Part]) -> NDArray[np.float32]:
    """The parts together in an H×W picture, H×W float32 in 0–1 with antialiased edges.

    landmarks: 478×2 or 478×3 in the picture's pixels. oval: the face's outline from chin to forehead; mouth: with the
    lips. A turned face's oval ends where its outline points end, so the hull of them all is used where a pixel more or
    less counts (`regions.face_mask`).
    """
    return fill(shape, *(landmarks[polygon, :2] for part in parts for polygon in _POLYGONS[part]))
