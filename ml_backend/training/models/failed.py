"""Checkpoints that a training cannot go on from. They are set aside, not deleted.

MODEL/set_aside/1/checkpoints/00002000/   what lay in MODEL/checkpoints, as after a rollback
"""

import os
from pathlib import Path

from ml_backend.errors import BackendError

SET_ASIDE = "set_aside"


def set_aside(checkpoint: Path) -> Path:
    """Take a checkpoint out of its model; returns where it lies now. Raises BackendError where it cannot be moved."""
    parent = checkpoint.parents[1] / SET_ASIDE
    numbers = [int(folder.name) for folder in parent.glob("*") if folder.name.isdigit()]
    place = parent / str(max(numbers, default=0) + 1) / "checkpoints" / checkpoint.name
    try:
        place.parent.mkdir(parents=True)
        os.rename(checkpoint, place)  # noqa: PTH104  (its error names the file)
    except OSError as error:
        raise BackendError(
            f"{error.filename} cannot be moved to {place}: {error.strerror}.",
            "End the program that uses it, and run the same again.",
        ) from error
    return place
