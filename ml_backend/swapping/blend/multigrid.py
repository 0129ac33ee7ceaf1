"""Poisson's equation on the pixels of any area, by multigrid.

Sources: Briggs, Henson and McCormick, "A Multigrid Tutorial", 2000 (cell-centred: means go down, linear interpolation
goes up); Notay, "Flexible Conjugate Gradients", 2000.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]
NEIGHBOURS = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.float32)
COARSEST = 10  # the longer side of the smallest grid, which is solved directly
SWEEPS = 2
DAMPING = 0.8  # of a Jacobi sweep in two dimensions: damps what the next grid cannot hold
TINY = 1e-20  # a direction of less energy goes nowhere


def solve(source: Field, mask: Field, cycles: int = 3) -> Field:
    """The field (H×W×3) whose Laplacian (neighbours − 4 · centre) is `source` (H×W×3) where the mask (H×W) is above 0.

    Elsewhere it is 0. Beyond the rectangle's border lies 0 where the mask has fallen off, and nothing, so that nothing
    flows, where the mask is 1: the border there cuts the area in two, and only this half is known.

    The grids are gone through from the coarsest to the finest, and there conjugate gradients take `cycles` V-cycles as
    their preconditioner: these alone are slow along a ragged edge, which no coarse grid has in the same place.
    """
    grids = [_Grid.of(mask, mask > 0)]
    sources = [source * grids[0].inside]
    while max(grids[-1].inside.shape) > COARSEST:
        grids.append(grids[-1].coarser())
        sources.append(grids[-1].down(sources[-1]))
    inverse = _inverse(grids[-1])
    field = _cycle(np.zeros_like(sources[-1]), sources[-1], grids[-1:], inverse)
    for level in range(len(grids) - 2, -1, -1):
        field = _cycle(grids[level].up(field), sources[level], grids[level:], inverse)
    return _descend(field, sources[0], grids, inverse, cycles)


@dataclass(frozen=True)
class _Grid:
    """All arrays are H×W×1. free: how many of a pixel's four sides let nothing through."""

    mask: Field
    inside: Field  # 1 or 0
    free: Field

    @classmethod
    def of(cls, mask: Field, inside: NDArray[np.bool_]) -> "_Grid":
        borders = 4 - _neighbours(np.ones_like(mask))
        return cls(mask[..., None], inside[..., None].astype(np.float32), (borders * mask)[..., None])

    def coarser(self) -> "_Grid":
        """A cell of the next grid is inside where at least three of its four pixels are: too many would diverge."""
        return _Grid.of(_half(self.mask), _half(self.inside) > 0.74)

    def down(self, source: Field) -> Field:
        """A source on the next finer grid as one on this, where the squared distance of the pixels is larger."""
        ratio = max(source.shape[:2]) / max(self.inside.shape[:2])
        return _half(source) * np.float32(ratio * ratio) * self.inside

    def up(self, field: Field) -> Field:
        """A field on the next coarser grid as one on this."""
        size = self.inside.shape[1::-1]
        return np.asarray(cv2.resize(field, size, interpolation=cv2.INTER_LINEAR), np.float32) * self.inside

    def residual(self, field: Field, source: Field) -> Field:
        left: Field = (source - _neighbours(field) + (4 - self.free) * field) * self.inside
        return left

    def smooth(self, field: Field, source: Field) -> Field:
        for _ in range(SWEEPS):
            field = field - self.residual(field, source) * np.float32(DAMPING / 4)
        return field


def _cycle(field: Field, source: Field, grids: list[_Grid], inverse: NDArray[np.float32]) -> Field:
    """One V-cycle; on the coarsest grid the solution."""
    if len(grids) == 1:
        return (inverse @ source.reshape(-1, source.shape[2])).reshape(source.shape)
    field = grids[0].smooth(field, source)
    rest = grids[1].down(grids[0].residual(field, source))
    field = field + grids[0].up(_cycle(np.zeros_like(rest), rest, grids[1:], inverse))
    return grids[0].smooth(field, source)


def _descend(field: Field, source: Field, grids: list[_Grid], inverse: NDArray[np.float32], cycles: int) -> Field:
    """Conjugate gradients, each channel for itself; flexible ones, since a V-cycle is not quite symmetric."""
    left = grids[0].residual(field, source)
    direction, curved = np.zeros_like(field), np.zeros_like(field)
    energy = np.ones(field.shape[2], np.float32)
    for _ in range(cycles):
        step = _cycle(np.zeros_like(left), left, grids, inverse)
        direction = step - direction * (_dot(step, curved) / energy)
        curved = -grids[0].residual(direction, np.zeros_like(direction))
        energy = _dot(direction, curved)
        energy = np.where(np.abs(energy) < TINY, np.float32(1), energy)
        length = _dot(direction, left) / energy
        field, left = field + direction * length, left - curved * length
    return field


def _dot(a: Field, b: Field) -> NDArray[np.float32]:
    return np.asarray(np.einsum("ijk,ijk->k", a, b), np.float32)


def _neighbours(field: Field) -> Field:
    """The sum of the four neighbours, 0 beyond the border."""
    return np.asarray(cv2.filter2D(field, -1, NEIGHBOURS, borderType=cv2.BORDER_CONSTANT), np.float32)


def _half(field: Field) -> Field:
    """Half the size, rounded up: means."""
    size = ((field.shape[1] + 1) // 2, (field.shape[0] + 1) // 2)
    return np.asarray(cv2.resize(field, size, interpolation=cv2.INTER_AREA), np.float32)


def _inverse(grid: _Grid) -> NDArray[np.float32]:
    """The dense inverse of the Laplacian on a small grid; where nothing holds the field, that of mean 0."""
    index = np.arange(grid.inside.size).reshape(grid.inside.shape[:2])
    matrix = np.diag(grid.free.ravel().astype(np.float64) - 4)
    for here, there in ((index[1:], index[:-1]), (index[:, 1:], index[:, :-1])):
        matrix[here, there] = matrix[there, here] = 1
    unknown = np.flatnonzero(grid.inside)
    inverse = np.zeros_like(matrix)
    inverse[np.ix_(unknown, unknown)] = np.linalg.pinv(matrix[np.ix_(unknown, unknown)], rcond=1e-6, hermitian=True)
    return inverse.astype(np.float32)
