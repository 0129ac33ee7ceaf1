"""Sharpness: told apart from grain, and matched both ways without rings."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_backend.swapping.detail.averaging import mean_of
from ml_backend.swapping.detail.sharpness import BANDS, MOST, Sharpness, gains, match_sharpness, measure_sharpness

ENERGIES = st.lists(st.floats(-15, -3), min_size=BANDS, max_size=BANDS)


def sharpness(values: list[float]) -> Sharpness:
    return Sharpness(np.asarray(values, np.float32))


def blurred(picture: np.ndarray, sigma: float) -> np.ndarray:
    return cv2.GaussianBlur(picture, (0, 0), sigma)


def psnr(one: np.ndarray, other: np.ndarray, where: np.ndarray) -> float:
    return float(-10 * np.log10(((one - other) ** 2)[where > 0.5].mean()))


@given(ENERGIES, ENERGIES)
@settings(max_examples=60, deadline=None)
def test_gains_are_bounded_and_in_order(own: list[float], wanted: list[float]) -> None:
    factors = gains(sharpness(own), sharpness(wanted))
    assert factors.shape == (BANDS - 1,)
    assert 0 <= factors.min() <= factors.max() <= np.float32(MOST)
    assert (np.diff(factors) >= 0).all() or (np.diff(factors) <= 0).all()
    assert (factors <= 1).all() or (factors >= 1).all(), "never softer and sharper at once"


@given(ENERGIES, st.floats(-2, 2))
@settings(max_examples=30, deadline=None)
def test_more_contrast_in_all_octaves_is_not_more_sharpness(own: list[float], contrast: float) -> None:
    louder = [value + contrast for value in own]
    np.testing.assert_allclose(gains(sharpness(own), sharpness(louder)), 1, atol=1e-4)


def test_a_face_as_sharp_as_the_plate_is_left_alone(plate: np.ndarray, face: np.ndarray) -> None:
    own = measure_sharpness(plate, face)
    assert own is not None
    assert match_sharpness(plate, own, own, 1) is plate


def test_strength_0_is_the_face_itself(plate: np.ndarray, face: np.ndarray) -> None:
    own, wanted = measure_sharpness(plate, face), measure_sharpness(blurred(plate, 2), face)
    assert own is not None
    assert wanted is not None
    assert match_sharpness(plate, own, wanted, 0) is plate


def test_finer_octaves_lose_more_by_blur(plate: np.ndarray, face: np.ndarray) -> None:
    sharp, soft = measure_sharpness(plate, face), measure_sharpness(blurred(plate, 1.5), face)
    assert sharp is not None
    assert soft is not None
    loss = sharp.energy - soft.energy
    assert (np.diff(loss) < 0).all()
    assert loss[0] > 1


def test_two_faces_in_one_light_and_lens_are_as_sharp(plate: np.ndarray, truth: np.ndarray, face: np.ndarray) -> None:
    one, other = measure_sharpness(plate, face), measure_sharpness(truth, face)
    assert one is not None
    assert other is not None
    np.testing.assert_allclose(gains(one, other), 1, atol=0.15)


def test_grain_is_not_sharpness(plate: np.ndarray, face: np.ndarray) -> None:
    soft = blurred(plate, 2)
    noisy = soft + np.random.default_rng(1).normal(0, 0.01, plate.shape).astype(np.float32)
    own, grainy, sharp = (measure_sharpness(p, face) for p in (soft, noisy, plate))
    assert own is not None
    assert grainy is not None
    assert sharp is not None
    true = sharp.energy - own.energy
    assert (np.abs(grainy.energy - own.energy)[1:] < 0.25 * true[1:]).all()


@pytest.mark.parametrize("sigma", [1.0, 1.5, 2.5])
def test_a_sharp_face_becomes_as_soft_as_a_plate_out_of_focus(
    sigma: float, plate: np.ndarray, truth: np.ndarray, face: np.ndarray
) -> None:
    own, wanted = measure_sharpness(truth, face), measure_sharpness(blurred(plate, sigma), face)
    assert own is not None
    assert wanted is not None
    matched, perfect = match_sharpness(truth, own, wanted, 1), blurred(truth, sigma)
    assert psnr(matched, perfect, face) > psnr(truth, perfect, face) + 4


def test_a_soft_face_comes_nearer_to_the_sharp_one_and_rings_nowhere(truth: np.ndarray, face: np.ndarray) -> None:
    soft = blurred(truth, 1.0)
    own, wanted = measure_sharpness(soft, face), measure_sharpness(truth, face)
    assert own is not None
    assert wanted is not None
    matched = match_sharpness(soft, own, wanted, 1)
    assert psnr(matched, truth, face) > psnr(soft, truth, face) + 1
    window = np.ones((5, 5), np.uint8)
    assert (matched >= cv2.erode(soft, window)).all()
    assert (matched <= cv2.dilate(soft, window)).all()


def test_nothing_is_known_without_weights_or_room(plate: np.ndarray, face: np.ndarray) -> None:
    assert measure_sharpness(plate, face * 0) is None
    assert measure_sharpness(plate[:20, :20], face[:20, :20] * 0 + 1) is None


def test_the_mean_lies_between() -> None:
    mean = mean_of([sharpness([-8, -7, -6, -5]), sharpness([-4, -5, -6, -9])], [3, 1])
    np.testing.assert_allclose(mean.energy, [-7, -6.5, -6, -6])


def test_a_mean_needs_as_many_weights_as_values() -> None:
    with pytest.raises(ValueError, match="as many weights"):
        mean_of([sharpness([0] * BANDS)], [1, 1])
    with pytest.raises(ValueError, match="above 0"):
        mean_of([sharpness([0] * BANDS)], [0])
