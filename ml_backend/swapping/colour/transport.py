"""The map that gives the made face the plate's whole colour distribution, as a table over the colour cube.

The distribution is moved by sliced optimal transport: along one direction after the other, the sorted values take the
places of the plate's sorted values (Pitié, Kokaram and Dahyot, "Automated colour grading using colour distribution
transfer", 2007; Rabin et al., "Wasserstein barycenter and its application to texture mixing", 2011). The moves of
single pixels are noise; what they have in common is kept, in a smooth table around the linear map.
"""

from functools import cache
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from .affine import mkl
from .statistics import Picture, Pixels, Weights, draw, weighted_pixels

SIDE = 17  # of the table: a step is a sixteenth of the range
SAMPLES = 1024
TURNS = 12
SEED = 7
SMOOTH = 2.0  # the table's blur in steps
TRUST = 8.0  # as many samples must agree at a place before they count by half


def measure_transport(made: Picture, plate: Picture, weights: Weights) -> NDArray[np.float32]:
    """SIDE×SIDE×SIDE×3: how far the colour at red, green and blue (in this order, 0 … 1) is moved."""
    source, target = weighted_pixels(made, weights), weighted_pixels(plate, weights)
    linear = mkl(source, target)
    samples = draw(*source, SAMPLES)
    start = samples @ linear[:, :3].T + linear[:, 3]
    rest = _transport(start, draw(*target, SAMPLES)) - start
    axis = np.linspace(0, 1, SIDE)
    cube = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1)
    return (cube @ linear[:, :3].T + linear[:, 3] - cube + _table(samples, rest)).astype(np.float32)


def apply_transport(made: Picture, parameters: NDArray[np.float32]) -> Picture:
    """The picture H×W×3 with every colour moved as the table says; beyond the cube as at its surface."""
    return made + _look_up(parameters, made.reshape(-1, 3)).reshape(made.shape)


def _look_up(table: NDArray[np.float32], colours: NDArray[np.float32]) -> NDArray[np.float32]:
    """N×3: the table's values between its knots, for N×3 colours."""
    volume = torch.from_numpy(np.ascontiguousarray(table.transpose(3, 0, 1, 2)))[None]
    # grid_sample takes the last axis first, and −1 … 1
    grid = torch.from_numpy(np.ascontiguousarray(colours[:, ::-1]))[None, None, None] * 2 - 1
    found = F.grid_sample(volume, grid, mode="bilinear", padding_mode="border", align_corners=True)
    return np.ascontiguousarray(found[0, :, 0, 0].numpy().T)


@cache
def _turns() -> Pixels:
    """TURNS×3×3 rotations, the same in every run."""
    bases = np.random.default_rng(SEED).normal(size=(TURNS, 3, 3))
    return np.stack([np.linalg.qr(basis)[0] for basis in bases])


def _transport(source: Pixels, target: Pixels) -> Pixels:
    """Where the points `source` (N×3) come to lie so that together they look like `target` (N×3)."""
    moved = source.copy()
    for turn in _turns():
        now, wanted = moved @ turn, np.sort(target @ turn, axis=0)
        np.put_along_axis(now, np.argsort(now, axis=0, kind="stable"), wanted, axis=0)
        moved = now @ turn.T
    return moved


def _table(samples: Pixels, moves: Pixels) -> Pixels:
    """SIDE³×3: a smooth table that moves the samples (N×3) by nearly their moves (N×3); 0 far from all samples."""
    cells = np.rint(samples.clip(0, 1) * (SIDE - 1)).astype(int) @ [SIDE * SIDE, SIDE, 1]
    count, *sums = (_blur(np.bincount(cells, values, SIDE**3)) for values in (np.ones(len(cells)), *moves.T))
    return np.stack(sums, -1) / (count + TRUST)[..., None]


def _blur(values: NDArray[Any]) -> Pixels:
    """The SIDE³ values as a volume under a Gaussian whose middle weighs 1, so that it counts samples."""
    away = np.arange(SIDE)[:, None] - np.arange(SIDE)
    kernel = np.exp(-(away**2) / (2 * SMOOTH**2))
    volume = values.reshape(SIDE, SIDE, SIDE)
    for axis in range(3):
        volume = np.moveaxis(np.tensordot(kernel, volume, (1, axis)), 0, axis)
    return volume
