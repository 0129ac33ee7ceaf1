"""A face without a picture, for figures that need landmarks only."""

import numpy as np

from ml_backend.faces.canonical import canonical_mesh


def face_at(x: float, y: float, unit: float = 40.0) -> np.ndarray:
    """The canonical face's landmarks (478×3) from the front, its middle at x, y, its eyes `unit` pixels apart."""
    return canonical_mesh() * unit + [x, y, 0]
