"""What every blend promises, and what each one promises besides."""

from typing import get_args

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_backend.swapping.blend import EDGE, Method, blend, composite

METHODS = list(get_args(Method))
methods = st.sampled_from(METHODS)
seeds = st.integers(0, 1000)
units = st.floats(8, 140)
offsets = st.tuples(*[st.floats(-0.3, 0.3)] * 3)


def picture(seed: int, shape: tuple[int, int] = (80, 72), sigma: float = 2) -> np.ndarray:
    noise = np.random.default_rng(seed).random((*shape, 3), np.float32)
    return np.clip(0.5 + 2 * sigma * (cv2.GaussianBlur(noise, (0, 0), sigma) - 0.5), 0, 1).astype(np.float32)


def face(
    x: float = 36, y: float = 40, radius: float = 24, feather: float = 8, shape: tuple[int, int] = (80, 72)
) -> np.ndarray:
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    rise = np.clip((radius - np.hypot(columns - x, rows - y)) / feather, 0, 1)
    return (rise * rise * (3 - 2 * rise)).astype(np.float32)


# in the middle, at the border and beyond it, soft and hard
masks = st.builds(face, st.floats(-5, 77), st.floats(-5, 85), st.floats(0, 40), st.floats(0.1, 20))


@given(methods, masks, seeds, units)
@settings(max_examples=60, deadline=None)
def test_nothing_changes_away_from_the_mask(method: Method, mask: np.ndarray, seed: int, unit: float) -> None:
    plate, made = picture(seed), picture(seed + 1)
    colour, alpha = blend(method, plate, made, mask, unit)
    assert colour.shape == plate.shape
    assert alpha.shape == mask.shape
    assert colour.dtype == alpha.dtype == np.float32
    assert np.isfinite(colour).all()
    assert 0 <= alpha.min() <= alpha.max() <= 1 + 1e-6
    far = cv2.distanceTransform((mask == 0).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    untouched = far > max(EDGE * unit, 2.0)
    assert not alpha[untouched].any()
    assert np.array_equal(composite(plate, colour, alpha)[untouched], plate[untouched])


@given(methods, masks, seeds, units)
@settings(max_examples=60, deadline=None)
def test_a_made_face_that_is_the_plate_leaves_the_plate(
    method: Method, mask: np.ndarray, seed: int, unit: float
) -> None:
    plate = picture(seed)
    over = composite(plate, *blend(method, plate, plate.copy(), mask, unit))
    np.testing.assert_allclose(over, plate, atol=1e-5)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", [(1, 1), (1, 30), (3, 2), (17, 33)])
def test_small_parts_and_empty_and_full_masks_are_possible(method: Method, shape: tuple[int, int]) -> None:
    plate, made = picture(1, shape), picture(2, shape)
    _, alpha = blend(method, plate, made, np.zeros(shape, np.float32), 40.0)
    assert not alpha.any()
    colour, alpha = blend(method, plate, made, np.ones(shape, np.float32), 40.0)
    assert np.isfinite(colour).all()
    assert (alpha == 1).all()


@given(st.sampled_from(["poisson", "light"]), masks, seeds, units, offsets)
@settings(max_examples=60, deadline=None)
def test_poisson_and_light_take_a_constant_offset_out(
    method: Method, mask: np.ndarray, seed: int, unit: float, offset: tuple[float, float, float]
) -> None:
    plate, made = picture(seed), picture(seed + 1)
    shifted = made + np.array(offset, np.float32)
    expected = composite(plate, *blend(method, plate, made, mask, unit))
    np.testing.assert_allclose(composite(plate, *blend(method, plate, shifted, mask, unit)), expected, atol=2e-4)


@given(methods, seeds, units)
@settings(max_examples=40, deadline=None)
def test_flat_pictures_stay_within_their_values(method: Method, seed: int, unit: float) -> None:
    """No halo: nothing is darker or brighter than both."""
    below, above = np.random.default_rng(seed).random((2, 3), np.float32)
    plate, made = np.full((80, 72, 3), below, np.float32), np.full((80, 72, 3), above, np.float32)
    over = composite(plate, *blend(method, plate, made, face(), unit))
    assert (over >= np.minimum(below, above) - 1e-3).all()
    assert (over <= np.maximum(below, above) + 1e-3).all()


@given(masks, seeds)
@settings(max_examples=20, deadline=None)
def test_feather_lays_the_made_face_itself(mask: np.ndarray, seed: int) -> None:
    plate, made = picture(seed), picture(seed + 1)
    over = composite(plate, *blend("feather", plate, made, mask, 40.0))
    np.testing.assert_allclose(over[mask == 1], made[mask == 1], atol=1e-6)
    np.testing.assert_allclose(over, plate + (made - plate) * mask[..., None], atol=1e-6)


def test_poisson_keeps_the_made_gradients_under_a_full_mask() -> None:
    plate, made, mask = picture(1), picture(2), face(feather=4)
    colour, _ = blend("poisson", plate, made, mask, 40.0)
    # one pixel inside of where the mask is 1, the equation knows only the made face
    full = cv2.erode((mask == 1).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    left = cv2.Laplacian(colour - made, cv2.CV_32F, borderType=cv2.BORDER_REPLICATE)
    assert np.abs(left[full]).max() < 2e-3
    assert np.abs(cv2.Laplacian(made, cv2.CV_32F)[full]).max() > 0.05
    outside = mask == 0
    np.testing.assert_allclose(colour[outside], plate[outside], atol=1e-6)


def test_poisson_leaves_a_face_alone_that_the_border_cuts_in_two() -> None:
    """The plate's edge is no boundary of the face: it must not fade to the plate there."""
    shape = (80, 72)
    plate, made = np.full((*shape, 3), 0.4, np.float32), picture(2)
    whole, _ = blend("poisson", plate, made, face(36, 40), 40.0)
    cut, alpha = blend("poisson", plate[:, :36], made[:, :36], face(36, 40)[:, :36], 40.0)
    assert alpha[40, -1] == 1
    row = np.abs(cut[40, -4:] - whole[40, 32:36])
    assert row.max() < 0.1
    assert np.abs(cut[40, -4:] - plate[40, 32:36]).max() > 0.05


@given(st.tuples(*[st.floats(0.72, 1.4)] * 3), offsets, seeds)
@settings(max_examples=30, deadline=None)
def test_light_gives_the_plate_back_under_any_light_of_one_colour(
    factor: tuple[float, float, float], offset: tuple[float, float, float], seed: int
) -> None:
    plate = picture(seed)
    made = plate * np.array(factor, np.float32) + np.array(offset, np.float32)
    over = composite(plate, *blend("light", plate, made, face(), 40.0))
    np.testing.assert_allclose(over, plate, atol=3e-3)


def test_light_keeps_the_plates_shading_and_the_made_detail() -> None:
    shape, unit = (160, 160), 76.0
    ramp = np.linspace(0.2, 0.7, 160, dtype=np.float32)
    detail = 0.05 * np.sin(np.arange(160, dtype=np.float32) / 2)
    plate = np.repeat(np.tile(ramp, (160, 1))[..., None], 3, 2) + 0.05 * np.cos(np.arange(160) / 2)[:, None, None]
    made = np.repeat((0.6 - 0.4 * (ramp - 0.2) + detail)[None].repeat(160, 0)[..., None], 3, 2).astype(np.float32)
    mask = face(80, 80, 70, 12, shape)
    colour, _ = blend("light", plate.astype(np.float32), made, mask, unit)
    row = colour[80, 45:115, 1]
    fit = np.polyfit(np.arange(70), row, 1)
    assert fit[0] == pytest.approx(0.5 / 159, rel=0.2), "the plate's ramp, not the made one"
    rest = row - np.polyval(fit, np.arange(70))
    assert np.corrcoef(rest, detail[45:115])[0, 1] > 0.97
