"""Plates made for tests."""

from pathlib import Path

import numpy as np

from ml_backend.media.write import write_rgb


def write_plate(folder: Path, images: list[np.ndarray], first: int = 1) -> Path:
    for number, image in enumerate(images, first):
        write_rgb(folder / f"shot.{number:04d}.png", image)
    return folder
