"""Poses and expressions in words, and the cells into which they are sorted."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .table import Table

YAW_EDGES = np.array([-45.0, -25, -10, 10, 25, 45])
YAW_NAMES = ("far left", "left", "slightly left", "", "slightly right", "right", "far right")
PITCH_EDGES = np.array([-22.0, -8, 8, 22])
PITCH_NAMES = ("far up", "up", "", "down", "far down")
OPEN_MOUTH = 0.08  # the gap of the lips, in distances of the outer eye corners
SHUT_EYES = 0.5  # of this person's open eyes
STATES = ("closed mouth", "open mouth", "closed mouth and closed eyes", "open mouth and closed eyes")


@dataclass(frozen=True)
class Cells:
    """Where N faces belong: columns by yaw (0–6), rows by pitch (0–4), and the state of mouth and eyes (`STATES`)."""

    column: NDArray[np.int64]
    row: NDArray[np.int64]
    mouth_open: NDArray[np.bool_]
    eyes_shut: NDArray[np.bool_]

    @property
    def state(self) -> NDArray[np.int64]:
        return self.mouth_open + 2 * self.eyes_shut.astype(np.int64)


def sort_into_cells(table: Table) -> Cells:
    return Cells(
        column=np.searchsorted(YAW_EDGES, table["yaw"]),
        row=np.searchsorted(PITCH_EDGES, table["pitch"]),
        mouth_open=table["mouth"] > OPEN_MOUTH,
        eyes_shut=table["eyes"] < SHUT_EYES,
    )


def pose_in_words(column: int, row: int) -> str:
    """Such as 'looking down and slightly left'; left and right are those of the picture."""
    words = [name for name in (PITCH_NAMES[row], YAW_NAMES[column]) if name]
    return f"looking {' and '.join(words)}" if words else "looking straight ahead"
