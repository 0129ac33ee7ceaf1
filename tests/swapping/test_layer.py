"""Faces of one frame laid over each other."""

import numpy as np
import pytest

from ml_backend.swapping.layer import combine, over
from ml_backend.swapping.painting import Painted


def painted(x: int, colour: np.ndarray, alpha: np.ndarray) -> Painted:
    return Painted(slice(0, alpha.shape[0]), slice(x, x + alpha.shape[1]), colour, alpha, {"mask": alpha})


@pytest.mark.parametrize("light", [np.inf, -np.inf, np.nan])
def test_light_without_alpha_does_not_count(light: float) -> None:
    alpha = np.array([[0, 0.5, 1]], np.float32)
    colour = np.full((1, 3, 3), 0.25, np.float32)
    colour[0, 0] = light
    below = np.full((1, 3, 4), light, np.float32)
    below[..., 3] = [0, 0, 1]  # the last one is hidden by what lies over it
    both = over(colour, alpha, below)
    np.testing.assert_allclose(both[..., 3], [[0, 0.5, 1]])
    np.testing.assert_allclose(both[..., :3], [[[0] * 3, [0.25] * 3, [0.25] * 3]])
    two = combine([painted(0, colour, alpha), painted(1, colour, alpha)])
    assert np.isfinite(two.rgba).all()
    np.testing.assert_allclose(two.rgba[..., 3], [[0.5, 1, 1]])
