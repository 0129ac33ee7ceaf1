"""Heads that turn away: beyond the profile the landmarks slip off a face some frames before it is lost."""

import numpy as np
from numpy.typing import NDArray

TURNED = 80.0  # degrees of yaw, as measured, that a head reaches before the landmarks slip off it
REACH = 20  # frames before a loss (or after a find) in which they may do so
UNSURE = 0.5  # the score of such a face at most: `faceset filter` leaves it out


def slipped(yaws: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of the last T ≤ `REACH` faces before a loss the landmarks have slipped off, given their yaw in degrees.

    Beyond about 110° the landmark networks know no larger turn: of a head that turns on, the yaw that is measured comes
    to a highest value and falls again, though the head does not turn back. What follows the highest value is not to be
    trusted. For faces after a find give them in reverse.
    """
    marked = np.zeros(len(yaws), np.bool_)
    if len(yaws):
        farthest = int(np.abs(yaws).argmax())
        marked[farthest + 1 :] = abs(yaws[farthest]) >= TURNED
    return marked
