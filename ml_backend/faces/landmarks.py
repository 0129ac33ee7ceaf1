"""What every landmark model gives, whichever network it is."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ml_backend.errors import UsageError
from ml_backend.media.frame import Pixels

from .roi import Roi, roi_of_landmarks

Found = tuple[NDArray[np.float64], NDArray[np.float64]]  # points N×478×3 and scores N
NAMES = ("mesh", "fan")
# The crops of the averaged pass: turn in radians, scale, shift as a part of the side.
PERTURBATIONS = ((0, 1, 0, 0), (0.06, 1, 0.02, 0), (-0.06, 1, -0.02, 0), (0, 1.05, 0, 0.02), (0, 0.95, 0, -0.02))


class Landmarker(Protocol):
    """478 points in the mesh's order from a square around a face. Points of different models differ: never mix them."""

    @property
    def id(self) -> str:
        """The model's name, stored with every face."""

    def settle(
        self, image: Pixels, rois: Sequence[Roi], average: bool = False, *, passes: int = ...
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The faces in N squares of an H×W×3 RGB picture: points N×478×3 in its pixels, scores N in 0–1.

        The square is moved onto the face that it finds. average: take the mean over slightly different crops.
        passes: how often it is looked at, at most; 1 leaves the square where it is.
        """


def open_landmarker(name: str = "mesh", weights: Path | None = None) -> Landmarker:
    """The landmark model "mesh" (ships with the backend) or "fan" (see `fan.Fan`; `weights` is its file).

    Raises UsageError for another name, for weights where none are read, and where FAN cannot be used.
    """
    if name == "mesh":
        if weights is not None:
            raise UsageError(f'The weights {weights} belong to the landmark model "fan".', "Ask for it too: fan.")
        from .mesh import FaceMesh

        return FaceMesh()
    if name == "fan":
        from .fan import Fan

        return Fan(weights)
    raise UsageError(f'There is no landmark model "{name}".', f"Use one of: {', '.join(NAMES)}.")


def settle_on_faces(
    find: Callable[[Sequence[Roi]], Found], rois: Sequence[Roi], passes: int, tolerance: float, average: bool
) -> Found:
    """Repeat `find` with the squares of the points just found until none moves by more than `tolerance`.

    average: then take the mean over slightly different squares, which cuts the noise between frames by
    four (Naruniec et al., "High-Resolution Neural Face Swapping for Visual Effects", 2020).
    """
    points, scores = np.zeros((0, 478, 3)), np.zeros(0)
    for _ in range(passes if rois else 0):
        points, scores = find(rois)
        used, rois = rois, [roi_of_landmarks(p) for p in points]
        if all(a.difference(b) < tolerance for a, b in zip(used, rois, strict=True)):
            break
    if average and rois:
        shifted = [
            Roi(r.x + dx * r.side, r.y + dy * r.side, r.side * scale, r.angle + turn, r.turned)
            for r in rois
            for turn, scale, dx, dy in PERTURBATIONS
        ]
        points, scores = find(shifted)
        points = points.reshape(len(rois), len(PERTURBATIONS), 478, 3).mean(1)
        scores = scores.reshape(len(rois), -1).mean(1)
    return points, scores
