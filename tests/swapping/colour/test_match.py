"""Colour matching: what each method promises about the pixels under the weights, and all of them about any pixels."""

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ml_backend.swapping.colour import apply, measure

Picture = np.ndarray
METHODS: Any = ["mean", "reinhard", "mkl", "histogram", "transport", "light"]
every_method = pytest.mark.parametrize("method", METHODS)


def pair(seed: int, side: int = 24) -> tuple[Picture, Picture, Picture]:
    """A made face with some spread in every colour, a plate with other colours, and soft weights."""
    rng = np.random.default_rng(seed)
    made = 0.5 + rng.normal(0, 1, (side, side, 3)) @ (rng.normal(0, 0.003, (3, 3)) + np.diag([0.05, 0.02, 0.03]))
    plate = rng.uniform(0.3, 0.7, 3) + rng.normal(0, 1, (side, side, 3)) @ rng.normal(0, 0.04, (3, 3))
    weights = rng.random((side, side))
    weights[: side // 4] = 0
    return made.astype(np.float32), plate.astype(np.float32), weights.astype(np.float32)


def smooth_pair(side: int) -> tuple[Picture, Picture, Picture]:
    """The same two shaded discs at any size: a warm one lit from the left, a cool one lit from above."""
    x, y = np.meshgrid(*[(np.arange(side) + 0.5) / side * 2 - 1] * 2)
    ball = np.sqrt(np.clip(1 - x**2 - y**2, 0, None))
    made = (0.25 + 0.3 * ball - 0.15 * x)[..., None] * [1.0, 0.8, 0.65] + 0.02 * np.sin(5 * y)[..., None]
    plate = (0.2 + 0.25 * ball - 0.1 * y)[..., None] ** 1.2 * [0.8, 0.9, 1.1]
    return made.astype(np.float32), plate.astype(np.float32), np.clip(ball, 0, 1).astype(np.float32)


def within_reach(seed: int) -> tuple[Picture, Picture, Picture]:
    """A pair whose plate's colours are spread less than STRETCH times as wide as the made face's, in any direction."""
    made, plate, weights = pair(seed)
    middle = mean(plate, weights)
    spread = np.sqrt(
        np.linalg.eigvalsh(covariance(plate, weights)).max() / np.linalg.eigvalsh(covariance(made, weights)).min()
    )
    return made, (middle + (plate - middle) * min(1.0, 1.4 / spread)).astype(np.float32), weights


def mean(image: Picture, weights: Picture) -> Picture:
    return np.average(image.reshape(-1, 3).astype(np.float64), axis=0, weights=weights.ravel())


def covariance(image: Picture, weights: Picture) -> Picture:
    return np.cov(image.reshape(-1, 3).T.astype(np.float64), aweights=weights.ravel(), ddof=0)


def matched(method: Any, made: Picture, plate: Picture, weights: Picture, strength: float = 1) -> Picture:
    return apply(method, made, measure(method, made, plate, weights), strength)


def sliced_distance(a: Picture, b: Picture) -> float:
    """The mean difference of two pictures' sorted values along many directions: 0 for the same distribution."""
    directions = np.random.default_rng(99).normal(size=(3, 64))
    directions /= np.linalg.norm(directions, axis=0)
    return float(np.abs(np.sort(a.reshape(-1, 3) @ directions, 0) - np.sort(b.reshape(-1, 3) @ directions, 0)).mean())


@given(st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_mkl_takes_over_mean_and_covariance(seed: int) -> None:
    made, plate, weights = within_reach(seed)
    result = matched("mkl", made, plate, weights)
    np.testing.assert_allclose(mean(result, weights), mean(plate, weights), atol=1e-4)
    np.testing.assert_allclose(covariance(result, weights), covariance(plate, weights), atol=1e-4)


@given(st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_reinhard_takes_over_mean_and_spread_of_brightness_and_colours(seed: int) -> None:
    made, plate, weights = within_reach(seed)
    result = matched("reinhard", made, plate, weights)
    np.testing.assert_allclose(mean(result, weights), mean(plate, weights), atol=1e-4)
    for channel in ([1, 1, 1], [1, -1, 0], [1, 1, -2]):
        variances = [np.array(channel) @ covariance(x, weights) @ channel for x in (result, plate)]
        np.testing.assert_allclose(*variances, atol=1e-4)


@pytest.mark.parametrize(("method", "most"), [("reinhard", 1.6), ("mkl", 1.6), ("histogram", 1.6), ("transport", 2.5)])
def test_a_soft_face_is_not_stretched_into_noise(method: Any, most: float) -> None:
    """The plate has fifty times the spread: the mean is met, but differences grow only a little."""
    rng = np.random.default_rng(1)
    made = (0.5 + rng.normal(0, 0.002, (64, 64, 3))).astype(np.float32)
    plate = (0.4 + rng.normal(0, 0.1, (64, 64, 3))).astype(np.float32)
    result = matched(method, made, plate, np.ones((64, 64), np.float32))
    np.testing.assert_allclose(result.mean((0, 1)), plate.mean((0, 1)), atol=4e-3)
    assert result.std() < most * made.std()


def test_mkl_finds_the_map_between_two_pictures_of_the_same_colours() -> None:
    """Whatever stands where: the plate's pixels are the made face's under a symmetric map, and shuffled."""
    made, _, _ = pair(11)
    linear = np.array([[1.2, 0.1, 0.0], [0.1, 0.8, -0.1], [0.0, -0.1, 1.1]])
    wanted = made @ linear + [0.05, -0.1, 0.02]
    plate = np.random.default_rng(0).permutation(wanted.reshape(-1, 3)).reshape(made.shape).astype(np.float32)
    weights = np.ones(made.shape[:2], np.float32)
    np.testing.assert_allclose(matched("mkl", made, plate, weights), wanted, atol=1e-4)


@given(st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_mean_is_one_factor_a_channel(seed: int) -> None:
    made, plate, weights = pair(seed)
    result = matched("mean", made, plate, weights)
    np.testing.assert_allclose(mean(result, weights), mean(plate, weights), atol=1e-4)
    np.testing.assert_allclose(result, made * (mean(plate, weights) / mean(made, weights)), atol=1e-5)


def test_histogram_takes_over_the_quantiles_of_a_bent_curve() -> None:
    """Not only mean and spread: a plate with other curves is met at every quantile of every channel."""
    rng = np.random.default_rng(0)
    made = rng.uniform(0.2, 0.8, (64, 64, 3)).astype(np.float32)
    plate = (rng.uniform(0.2, 0.8, (64, 64, 3)) ** [1.6, 1, 0.4]).astype(np.float32)
    weights = np.ones((64, 64), np.float32)
    parts = np.linspace(0.02, 0.98, 25)
    wanted = np.quantile(plate, parts, axis=(0, 1))
    curved, straight = (matched(method, made, plate, weights) for method in ("histogram", "mkl"))
    np.testing.assert_allclose(np.quantile(curved, parts, axis=(0, 1)), wanted, atol=0.006)
    assert np.abs(np.quantile(straight, parts, axis=(0, 1)) - wanted).max() > 0.02


def test_histogram_keeps_the_order_of_values() -> None:
    made, plate, weights = pair(5)
    ramp = np.repeat(np.linspace(-0.2, 1.4, 500, dtype=np.float32), 3).reshape(1, 500, 3)
    mapped = apply("histogram", ramp, measure("histogram", made, plate, weights), 1)
    assert np.diff(mapped[0], axis=0).min() >= -1e-6


def test_transport_takes_over_a_bent_distribution() -> None:
    """Where colour depends on brightness in a way that no linear map has: shadows blue, lights yellow."""
    rng = np.random.default_rng(2)
    level = rng.uniform(0.2, 0.8, (64, 64, 1))
    made = np.repeat(level, 3, 2) + rng.normal(0, 0.02, (64, 64, 3))
    plate = np.concatenate([level**1.3, level, 0.6 - (level - 0.5) ** 2], 2) + rng.normal(0, 0.01, (64, 64, 3))
    made, plate = made.astype(np.float32), plate.astype(np.float32)
    weights = np.ones((64, 64), np.float32)
    before, linear, moved = (
        sliced_distance(x, plate) for x in (made, *(matched(m, made, plate, weights) for m in ("mkl", "transport")))
    )
    assert moved < 0.5 * linear < 0.5 * before


def test_light_takes_over_a_slope_of_shading() -> None:
    rng = np.random.default_rng(3)
    detail = rng.normal(0, 0.02, (48, 48, 1)).astype(np.float32)
    slope = np.linspace(0.2, 0.8, 48, dtype=np.float32)[None, :, None]
    made, plate = np.repeat(0.5 + detail, 3, 2), np.repeat(np.broadcast_to(slope, (48, 48, 1)), 3, 2)
    result = matched("light", made, plate, np.ones((48, 48), np.float32))
    columns, wanted = result.mean((0, 2)), slope[0, :, 0]
    assert np.corrcoef(columns, wanted)[0, 1] > 0.99
    assert abs(columns - wanted)[12:-12].max() < 0.06
    assert np.corrcoef((result / result.mean(0)).ravel(), (made / made.mean(0)).ravel())[0, 1] > 0.9, "detail stays"


@pytest.mark.parametrize("method", ["mean", "light"])
def test_a_nearly_black_face_is_brightened_within_bounds(method: Any) -> None:
    made, plate, weights = (
        np.full((48, 48, 3), 0.01, np.float32),
        np.full((48, 48, 3), 0.9, np.float32),
        np.ones((48, 48), np.float32),
    )
    np.testing.assert_allclose(matched(method, made, plate, weights), 0.04, rtol=0.01)


def test_light_far_from_all_that_is_measured_is_the_mean_one() -> None:
    made, plate, weights = (np.full((96, 96, 3), level, np.float32) for level in (0.5, 0.6, 0.0))
    plate[16:] = 0
    weights[:16, :16] = 1
    np.testing.assert_allclose(matched("light", made, plate, weights[..., 0]), 0.6, atol=1e-3)


@pytest.mark.parametrize(
    ("method", "tolerance"),
    [("mean", 1e-5), ("reinhard", 1e-5), ("mkl", 1e-5), ("histogram", 6e-3), ("transport", 2e-2)],
)
def test_a_weight_of_three_is_as_three_pixels(method: Any, tolerance: float) -> None:
    made, plate, _ = pair(10)
    plate[:8] = (plate[:8] - 0.5) / 2 + 0.6
    weights = np.ones((24, 24), np.float32)
    heavy = weights.copy()
    heavy[:8] = 3
    more = [np.concatenate([x, x[:8], x[:8]]) for x in (made, plate, weights)]
    wanted = apply(method, made, measure(method, *more), 1)
    np.testing.assert_allclose(matched(method, made, plate, heavy), wanted, atol=tolerance)


@every_method
class TestEveryMethod:
    def test_equal_pictures_stay(self, method: Any) -> None:
        made, _, weights = pair(1)
        np.testing.assert_allclose(matched(method, made, made.copy(), weights), made, atol=2e-4)

    def test_another_colour_is_come_nearer_to(self, method: Any) -> None:
        made, plate, weights = smooth_pair(96)
        before, after = mean(made, weights) - mean(plate, weights), mean(matched(method, made, plate, weights), weights)
        assert np.abs(after - mean(plate, weights)).max() < 0.15 * np.abs(before).max()

    def test_strength_goes_from_nothing_to_all(self, method: Any) -> None:
        made, plate, weights = pair(2)
        whole = matched(method, made, plate, weights)
        assert np.array_equal(matched(method, made, plate, weights, 0), made)
        half = matched(method, made, plate, weights, 0.5)
        np.testing.assert_allclose(half, (made + whole) / 2, atol=1e-5)
        assert half.dtype == np.float32

    def test_without_weights_nothing_is_known_and_nothing_done(self, method: Any) -> None:
        made, plate, weights = pair(3)
        assert measure(method, made, plate, weights * 0) is None
        assert np.array_equal(matched(method, made, plate, weights * 0), made)

    def test_what_has_no_weight_is_not_looked_at(self, method: Any) -> None:
        made, plate, weights = pair(6)
        painted = np.where(weights[..., None] > 0, plate, np.float32(1))
        np.testing.assert_array_equal(measure(method, made, plate, weights), measure(method, made, painted, weights))

    def test_a_mean_of_parameters_maps_to_the_mean_of_what_they_map_to(self, method: Any) -> None:
        """So parameters can be smoothed over time, whatever the method."""
        made, plate, weights = pair(7)
        several = [measure(method, made, other, weights) for other in (plate, plate * 0.7, plate[::-1] + 0.1)]
        averaged = np.mean(several, axis=0)
        assert averaged.shape == several[0].shape
        wanted = np.mean([apply(method, made, parameters, 1) for parameters in several], axis=0)
        np.testing.assert_allclose(apply(method, made, averaged, 1), wanted, atol=1e-5)

    def test_parameters_have_one_shape_and_serve_every_size(self, method: Any) -> None:
        small, large = measure(method, *smooth_pair(96)), measure(method, *smooth_pair(256))
        assert small.shape == large.shape
        assert small.dtype == large.dtype == np.float32
        made = smooth_pair(256)[0]
        inside = smooth_pair(96)[2] > 0.3
        here = apply(method, cv2.resize(made, (96, 96), interpolation=cv2.INTER_AREA), small, 1)
        there = cv2.resize(apply(method, made, small, 1), (96, 96), interpolation=cv2.INTER_AREA)
        np.testing.assert_allclose(here[inside], there[inside], atol=4e-3)
        again = cv2.resize(apply(method, made, large, 1), (96, 96), interpolation=cv2.INTER_AREA)
        assert np.abs(here - again)[inside].mean() < 4e-3

    def test_the_same_pictures_give_the_same_parameters(self, method: Any) -> None:
        assert np.array_equal(measure(method, *pair(8)), measure(method, *pair(8)))

    def test_flat_and_black_pictures_give_finite_colours(self, method: Any) -> None:
        _, plate, weights = pair(4)
        for level in (0.0, 0.4, 1.0):
            flat = np.full_like(plate, level)
            for result in (matched(method, flat, plate, weights), matched(method, plate, flat, weights)):
                assert np.isfinite(result).all()
                assert np.abs(result).max() < 10


@every_method
@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_any_pixels_give_finite_colours(method: Any, data: st.DataObject) -> None:
    """Few pixels, weights of 0 and far below 1, and made faces darker than 0 and brighter than 1."""
    levels = st.floats(-0.5, 2, width=32) | st.sampled_from([0.0, 0.5, 1.0])
    made = data.draw(arrays(np.float32, (9, 9, 3), elements=levels))
    plate = data.draw(arrays(np.float32, (9, 9, 3), elements=st.floats(0, 1, width=32)))
    weights = data.draw(
        arrays(np.float32, (9, 9), elements=st.floats(0, 1, width=32), fill=st.sampled_from([0.0, 1.0]))
    )
    result = matched(method, made, plate, weights)
    assert result.shape == made.shape
    assert result.dtype == np.float32
    assert np.isfinite(result).all()
    assert np.abs(result).max() < 40


def test_none_does_nothing() -> None:
    made, plate, weights = pair(9)
    assert measure("none", made, plate, weights) is None
    assert apply("none", made, None, 1) is made
