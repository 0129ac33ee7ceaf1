"""Faces of the demo footage."""

from pathlib import Path

import numpy as np
import pytest

from .pictures import frame


@pytest.fixture(scope="session")
def plate(footage: Path) -> np.ndarray:
    """The performer, 384×384×3 RGB float32 in 0–1."""
    return frame(footage / "plate_A.mp4", 30)


@pytest.fixture(scope="session")
def truth(footage: Path) -> np.ndarray:
    """The same frame with the identity's face."""
    return frame(footage / "truth_A_as_B.mp4", 30)


@pytest.fixture(scope="session")
def face(footage: Path) -> np.ndarray:
    """Where the face is, 384×384 float32 in 0–1."""
    return np.ascontiguousarray(frame(footage / "mask_A.mp4", 30)[..., 0])
