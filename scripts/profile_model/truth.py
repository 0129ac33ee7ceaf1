"""Where the mesh network's points are on a head, in any pose."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Places:
    """The 478 points' places on the skin: corners 478×3, stored vertices; weights 478×3, the sum of each row 1."""

    corners: NDArray[np.int64]
    weights: NDArray[np.float64]

    def __call__(self, vertices: NDArray[np.float64]) -> NDArray[np.float64]:
        """The 478×3 points of a head's V×3 vertices."""
        points: NDArray[np.float64] = np.einsum("pk,pkd->pd", self.weights, vertices[self.corners])
        return points

    def write(self, file: Path) -> None:
        np.savez(file, corners=self.corners, weights=self.weights)

    @staticmethod
    def read(file: Path) -> "Places":
        stored = np.load(file)
        return Places(stored["corners"], stored["weights"])
