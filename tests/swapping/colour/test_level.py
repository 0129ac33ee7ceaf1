"""Averaging parameters over time must not bring the made face's own flicker back."""

from typing import Any

import numpy as np
import pytest

from ml_backend.swapping.colour import apply, keep_level, measure

SIDE, FRAMES = 48, 9


@pytest.mark.parametrize("method", ["mean", "reinhard", "mkl", "histogram", "transport", "light"])
def test_a_flickering_face_over_a_calm_plate_is_calm(method: Any) -> None:
    rng = np.random.default_rng(4)
    texture = rng.normal(0, 0.04, (SIDE, SIDE, 3))
    plate = (np.array([0.6, 0.5, 0.4]) + rng.normal(0, 0.04, (SIDE, SIDE, 3))).astype(np.float32)
    weights = rng.random((SIDE, SIDE)).astype(np.float32)
    levels = rng.uniform(0.8, 1.2, (FRAMES, 3))
    made = [((0.5 + texture) * level).astype(np.float32) for level in levels]
    own = [measure(method, picture, plate, weights) for picture in made]
    averaged = np.mean(own, axis=0)

    def flicker(parameters: list[Any]) -> float:
        results = [apply(method, picture, p, 1) for picture, p in zip(made, parameters, strict=True)]
        means = [np.average(r.reshape(-1, 3), axis=0, weights=weights.ravel()) for r in results]
        return float(np.std(means, axis=0).mean())

    calm = [keep_level(method, picture, weights, p, averaged) for picture, p in zip(made, own, strict=True)]
    assert calm[0].dtype == np.float32
    assert calm[0].shape == own[0].shape
    assert flicker(calm) < flicker(own) + 1e-4
    assert flicker(calm) < 0.1 * flicker([averaged] * FRAMES)


@pytest.mark.parametrize("method", ["mean", "reinhard", "mkl", "histogram", "transport", "light"])
def test_parameters_that_are_their_own_average_stay(method: Any) -> None:
    rng = np.random.default_rng(5)
    made, plate = rng.uniform(0.2, 0.8, (2, SIDE, SIDE, 3)).astype(np.float32)
    weights = np.ones((SIDE, SIDE), np.float32)
    own = measure(method, made, plate, weights)
    np.testing.assert_allclose(keep_level(method, made, weights, own, own), own, atol=1e-5)
