"""Colour matching: what each method promises about the pixels under the weights."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_backend.swapping.colour import match_colour

Picture = np.ndarray


def pair(seed: int) -> tuple[Picture, Picture, np.ndarray]:
    """A made face with some spread in every colour, a plate with other colours, and soft weights."""
    rng = np.random.default_rng(seed)
    made = 0.5 + rng.normal(0, 1, (24, 24, 3)) @ (rng.normal(0, 0.003, (3, 3)) + np.diag([0.05, 0.02, 0.03]))
    plate = rng.uniform(0.3, 0.7, 3) + rng.normal(0, 1, (24, 24, 3)) @ rng.normal(0, 0.04, (3, 3))
    weights = rng.random((24, 24))
    weights[:6] = 0
    return made.astype(np.float32), plate.astype(np.float32), weights.astype(np.float32)


def mean(image: Picture, weights: np.ndarray) -> np.ndarray:
    return np.average(image.reshape(-1, 3).astype(np.float64), axis=0, weights=weights.ravel())


def covariance(image: Picture, weights: np.ndarray) -> np.ndarray:
    return np.cov(image.reshape(-1, 3).T.astype(np.float64), aweights=weights.ravel(), ddof=0)


@given(st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_mkl_takes_over_mean_and_covariance(seed: int) -> None:
    made, plate, weights = pair(seed)
    matched = match_colour(made, plate, weights, "mkl", 1)
    np.testing.assert_allclose(mean(matched, weights), mean(plate, weights), atol=1e-4)
    np.testing.assert_allclose(covariance(matched, weights), covariance(plate, weights), atol=1e-4)


@given(st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_reinhard_takes_over_mean_and_spread(seed: int) -> None:
    made, plate, weights = pair(seed)
    matched = match_colour(made, plate, weights, "reinhard", 1)
    np.testing.assert_allclose(mean(matched, weights), mean(plate, weights), atol=1e-4)
    spread = np.diag(covariance(matched, weights))
    np.testing.assert_allclose(spread, np.diag(covariance(plate, weights)), atol=1e-4)


@given(st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_mean_is_one_factor_a_channel(seed: int) -> None:
    made, plate, weights = pair(seed)
    matched = match_colour(made, plate, weights, "mean", 1)
    np.testing.assert_allclose(mean(matched, weights), mean(plate, weights), atol=1e-4)
    factors = mean(plate, weights) / mean(made, weights)
    np.testing.assert_allclose(matched, made * factors, atol=1e-5)


def test_light_takes_over_a_slope_of_shading() -> None:
    rng = np.random.default_rng(3)
    detail = rng.normal(0, 0.02, (48, 48, 1)).astype(np.float32)
    slope = np.linspace(0.2, 0.8, 48, dtype=np.float32)[None, :, None]
    made, plate = np.repeat(0.5 + detail, 3, 2), np.repeat(np.broadcast_to(slope, (48, 48, 1)), 3, 2)
    weights = np.ones((48, 48), np.float32)
    matched = match_colour(made, plate, weights, "light", 1)
    columns, wanted = matched.mean((0, 2)), slope[0, :, 0]
    assert np.corrcoef(columns, wanted)[0, 1] > 0.99
    assert abs(columns - wanted)[12:-12].max() < 0.06
    assert np.corrcoef((matched / matched.mean(0)).ravel(), (made / made.mean(0)).ravel())[0, 1] > 0.9, "detail stays"


@pytest.mark.parametrize("method", ["mean", "reinhard", "mkl", "light"])
class TestEveryMethod:
    def test_equal_pictures_stay(self, method: str) -> None:
        made, _, weights = pair(1)
        np.testing.assert_allclose(match_colour(made, made.copy(), weights, method, 1), made, atol=1e-4)

    def test_strength_goes_from_nothing_to_all(self, method: str) -> None:
        made, plate, weights = pair(2)
        whole = match_colour(made, plate, weights, method, 1)
        assert np.array_equal(match_colour(made, plate, weights, method, 0), made)
        half = match_colour(made, plate, weights, method, 0.5)
        np.testing.assert_allclose(half, (made + whole) / 2, atol=1e-5)
        assert half.dtype == np.float32

    def test_without_weights_nothing_is_known_and_nothing_done(self, method: str) -> None:
        made, plate, weights = pair(3)
        assert np.array_equal(match_colour(made, plate, weights * 0, method, 1), made)

    def test_flat_and_black_pictures_give_finite_colours(self, method: str) -> None:
        _, plate, weights = pair(4)
        for flat in (np.zeros_like(plate), np.full_like(plate, 0.4)):
            assert np.isfinite(match_colour(flat, plate, weights, method, 1)).all()
            assert np.isfinite(match_colour(plate, flat, weights, method, 1)).all()
