"""The multiband spline: under a full mask all of the made face, away from the mask nothing."""

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ml_backend.swapping.blend import composite, multiband

SHAPES = st.tuples(st.integers(1, 40), st.integers(1, 40))


def picture(shape: tuple[int, int], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((*shape, 3), np.float32)


@given(SHAPES, st.integers(1, 5), st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_equal_pictures_give_the_picture(shape: tuple[int, int], levels: int, seed: int) -> None:
    plate = picture(shape, seed)
    mask = np.random.default_rng(seed + 1).random(shape, np.float32)
    blended, alpha = multiband(plate, plate.copy(), mask, levels)
    np.testing.assert_allclose(blended, plate, atol=1e-5)
    assert alpha.shape == shape
    assert 0 <= alpha.min() <= alpha.max() <= 1 + 1e-6


@given(SHAPES, st.integers(1, 5), st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_under_a_full_mask_lies_the_made_face(shape: tuple[int, int], levels: int, seed: int) -> None:
    plate, made = picture(shape, seed), picture(shape, seed + 1)
    blended, alpha = multiband(plate, made, np.ones(shape, np.float32), levels)
    np.testing.assert_allclose(blended, made, atol=1e-5)
    np.testing.assert_allclose(alpha, 1, atol=1e-5)


@given(
    hnp.arrays(np.float32, (48, 48), elements=st.sampled_from([0.0, 0.5, 1.0]), fill=st.just(0.0)), st.integers(1, 4)
)
@settings(max_examples=40, deadline=None)
def test_it_covers_at_least_the_mask_and_nothing_far_from_it(mask: np.ndarray, levels: int) -> None:
    _, alpha = multiband(picture((48, 48), 1), picture((48, 48), 2), mask, levels)
    assert (alpha >= mask).all()
    far = cv2.distanceTransform((mask == 0).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    reach = np.sqrt(2) * 2 ** (levels - 1)  # the soft edge is made of squares
    assert not alpha[far > reach + 1e-3].any()


@given(st.integers(0, 400), st.integers(0, 300), st.integers(1, 60), st.integers(5, 7))
@settings(max_examples=40, deadline=None)
def test_a_wide_edge_covers_the_mask_and_ends_where_a_narrow_one_would(x: int, y: int, size: int, levels: int) -> None:
    """It is made from few pixels."""
    mask = np.zeros((301, 403), np.float32)
    mask[y : y + size, x : x + size] = 1
    plate = np.zeros((*mask.shape, 3), np.float32)
    _, alpha = multiband(plate, plate, mask, levels)
    assert (alpha[mask > 0] == 1).all()
    reach = 2 ** (levels - 1)
    far = cv2.distanceTransform((mask == 0).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    assert not alpha[far > np.sqrt(2) * reach + 1e-3].any()
    assert alpha[(far > reach / 4) & (far < reach / 2)].max() > 0.2  # of pixels beside which the picture goes on
    beside = (far[:, 1:] > 0) & (far[:, :-1] > 0)
    assert np.abs(np.diff(alpha, axis=1))[beside].max() < 4 / reach


def test_the_edge_of_a_hard_mask_is_soft() -> None:
    plate, made = np.zeros((96, 96, 3), np.float32), np.ones((96, 96, 3), np.float32)
    mask = np.zeros((96, 96), np.float32)
    mask[:, 48:] = 1
    over = composite(plate, *multiband(plate, made, mask, 4))[48, :, 0]
    assert over[0] == 0
    assert over[-1] > 0.999
    assert (np.diff(over) > -1e-4).all()
    assert np.diff(over).max() < 0.12
