"""Grain: what is known of it is found, and what is added is what was asked for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_backend.swapping.detail.averaging import mean_of
from ml_backend.swapping.detail.grain import BINS, Grain, add_grain, bin_middles, measure_grain

from .pictures import grain, slopes

CHANNELS = np.array([[1, 0.5, 0.3], [0.5, 1, 0.6], [0.3, 0.6, 1]])
SHAPE = (300, 300)
ALL = np.ones(SHAPE, np.float32)
SIGMA = np.array([0.02, 0.016, 0.026])


def overall(found: Grain) -> np.ndarray:
    """The standard deviation of each channel over all brightness."""
    return np.sqrt((found.sigma**2 * found.share).sum(0))


def measured(picture: np.ndarray, weights: np.ndarray = ALL) -> Grain:
    found = measure_grain(picture.astype(np.float32), weights)
    assert found is not None
    return found


@pytest.mark.parametrize("size", [(0, 0), (0.6, 0.6), (1, 1), (1, 0.5), (1.5, 1.5), (2, 2)])
@pytest.mark.parametrize("level", [0.2, 1, 2.5])
def test_known_grain_is_found(size: tuple[float, float], level: float) -> None:
    found = measured(slopes(*SHAPE) + level * SIGMA * grain(SHAPE, size, CHANNELS, 3))
    np.testing.assert_allclose(overall(found), level * SIGMA, rtol=0.15)
    # below a third of a pixel all grain looks like white noise
    np.testing.assert_allclose(found.size, size, rtol=0.15, atol=0.35 if size == (0, 0) else 0)
    if max(size) <= 1:
        np.testing.assert_allclose(found.channels, CHANNELS, rtol=0.15)


@pytest.mark.parametrize(("sigma", "size"), [(0.02, 0.0), (0.02, 1.0), (0.04, 0.7)])
def test_grain_is_found_on_a_face(sigma: float, size: float, plate: np.ndarray, face: np.ndarray) -> None:
    noise = grain(plate.shape[:2], (size, size), CHANNELS, 4) * sigma
    own, found = overall(measured(plate, face)), overall(measured(plate + noise, face))
    np.testing.assert_allclose(np.sqrt(np.maximum(found**2 - own**2, 0)), sigma, rtol=0.15)


def test_a_face_without_grain_has_next_to_none(plate: np.ndarray, face: np.ndarray) -> None:
    assert overall(measured(plate, face)).max() < 3 / 255


def test_grain_by_brightness_is_found() -> None:
    base = np.repeat(np.linspace(0.05, 0.95, 300, dtype=np.float32)[None, :, None], 300, 0).repeat(3, 2)
    sigma = 0.008 + 0.008 * base
    found = measured(base + sigma * grain(SHAPE, (0.5, 0.5), CHANNELS, 5))
    seen = found.share[:, 1] > 0.05
    assert seen.sum() >= 5
    np.testing.assert_allclose(found.sigma[seen, 1], (0.008 + 0.008 * bin_middles())[seen], rtol=0.15)


def test_nothing_is_known_where_nothing_lies_under_the_weights() -> None:
    assert measure_grain(slopes(*SHAPE), ALL * 0) is None
    assert measure_grain(slopes(4, 4), np.ones((4, 4), np.float32)) is None


@given(st.floats(0, 1), st.integers(0, 100))
@settings(max_examples=5, deadline=None)
def test_flat_pictures_have_no_grain_and_stay(value: float, seed: int) -> None:
    flat = np.full((*SHAPE, 3), value, np.float32)
    found = measured(flat)
    np.testing.assert_allclose(found.sigma, 0, atol=1e-5)
    np.testing.assert_allclose(add_grain(flat, found, ALL, (seed, 1)), flat, atol=1e-4)


@pytest.fixture(scope="module")
def known() -> Grain:
    return measured(slopes(*SHAPE) + SIGMA * grain(SHAPE, (0.8, 0.8), CHANNELS, 6))


class TestAdding:
    def test_what_was_measured_is_measured_again(self, known: Grain) -> None:
        again = measured(add_grain(slopes(*SHAPE), known, ALL, (1, 1)))
        np.testing.assert_allclose(overall(again), overall(known), rtol=0.1)
        np.testing.assert_allclose(again.size, known.size, rtol=0.15)
        np.testing.assert_allclose(again.channels, known.channels, atol=0.1)

    def test_one_seed_is_one_grain(self, known: Grain) -> None:
        base = slopes(*SHAPE)
        first = add_grain(base, known, ALL, (1, 7))
        assert first.dtype == np.float32
        assert np.array_equal(first, add_grain(base, known, ALL, (1, 7)))
        for other in ((1, 8), (2, 7)):
            noise = add_grain(base, known, ALL, other) - base
            assert abs(np.corrcoef(noise.ravel(), (first - base).ravel())[0, 1]) < 0.02

    def test_nothing_changes_outside_the_mask_nor_without_strength(self, known: Grain) -> None:
        base, half = slopes(*SHAPE), ALL.copy()
        half[:, :150] = 0
        grainy = add_grain(base, known, half, (1, 1))
        assert np.array_equal(grainy[:, :150], base[:, :150])
        assert (grainy[:, 150:] != base[:, 150:]).any()
        assert add_grain(base, known, ALL, (1, 1), strength=0) is base

    def test_strength_is_linear(self, known: Grain) -> None:
        base = slopes(*SHAPE)
        half, whole = (add_grain(base, known, ALL, (1, 1), strength=s) - base for s in (0.5, 1))
        np.testing.assert_allclose(half, whole / 2, atol=1e-6)

    def test_grain_that_is_there_is_not_added_again(self, known: Grain) -> None:
        base = slopes(*SHAPE)
        weak = base + 0.6 * SIGMA * grain(SHAPE, (0.8, 0.8), CHANNELS, 8)
        filled = add_grain(weak.astype(np.float32), known, ALL, (1, 1), own=measured(weak))
        np.testing.assert_allclose(overall(measured(filled)), overall(known), rtol=0.1)
        assert add_grain(base, known, ALL, (1, 1), own=known) is base

    @pytest.mark.parametrize("share", [0.25, 0.5, 0.8, 1.0])
    def test_a_soft_edge_is_as_grainy_as_the_plate(self, known: Grain, share: float) -> None:
        base, edge = slopes(*SHAPE), np.full(SHAPE, share, np.float32)
        plate = add_grain(base, known, ALL, (5, 5))
        layer = add_grain(base, known, edge, (1, 1), alpha=edge)
        np.testing.assert_allclose(overall(measured(plate + (layer - plate) * share)), overall(known), rtol=0.06)
        flowed = add_grain(plate + (base - plate) * share, known, edge, (1, 1))
        np.testing.assert_allclose(overall(measured(flowed)), overall(known), rtol=0.06)


def test_the_mean_over_frames_is_the_mean_variance(known: Grain) -> None:
    clean = measured(slopes(*SHAPE))
    mean = mean_of([known, clean], [1, 3])
    assert mean.sigma.shape == (BINS, 3)
    np.testing.assert_allclose(mean.power, known.power / 4, atol=1e-6)
    same = mean_of([known, known], [1, 3])
    np.testing.assert_allclose(same.sigma, known.sigma, rtol=1e-5)
    assert same.size == known.size
