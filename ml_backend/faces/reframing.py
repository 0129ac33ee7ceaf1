"""From one framing of a face to another, without the picture that both were cut from."""

import numpy as np
from numpy.typing import NDArray

from .alignment import Framing


def between(stored: Framing, size: int, wanted: Framing, wanted_size: int) -> NDArray[np.float64]:
    """The 2×3 matrix from the pixels of a size×size crop to those of a wanted_size×wanted_size one of the same face.

    Both crops must have been cut with the same landmarks: then they differ in scale and height only.
    """
    scale = (wanted_size / wanted.side) / (size / stored.side)
    centre = np.array([(size - 1) / 2, (size - 1) / 2 + (wanted.down - stored.down) * size / stored.side])
    return np.column_stack([np.eye(2) * scale, (wanted_size - 1) / 2 - scale * centre])
