"""How often faces are to be drawn so that every pose comes as often as any other."""

import numpy as np
from numpy.typing import NDArray

CELL = (10.0, 8.0)  # degrees of yaw and pitch within which poses are alike
MOST = 8.0  # a lone outlier, perhaps a wrong face, comes this many times as often as at random and no more


def even_shares(poses: NDArray[np.float64]) -> NDArray[np.float64]:
    """How often each of N faces is to be drawn, 1 being as often as at random: N numbers in 0–MOST, their mean 1.

    poses: N×2, yaw and pitch in degrees. Faces whose poses lie in the same cell of a grid share what a cell gets, and
    all cells get the same, as far as MOST lets them.
    """
    cells = np.floor(poses / CELL + 0.5)  # a face that looks straight ahead is in the middle of one
    _, cell, counts = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
    shares = 1 / counts[cell.reshape(-1)]
    shares /= shares.mean()
    while (high := shares > MOST).any():  # what is cut off goes to the others
        shares[high] = MOST
        rest = shares < MOST
        shares[rest] *= (len(shares) - MOST * (~rest).sum()) / shares[rest].sum()
    return np.asarray(shares, np.float64)
