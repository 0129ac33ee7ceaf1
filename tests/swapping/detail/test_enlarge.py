"""Enlarging: what is known of the face stays, and the plate's texture comes without the performer's features."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_backend.swapping.detail.enlarge import agreement, enlarge, fine_detail

from .pictures import grain, slopes

METHODS = ("cubic", "lanczos", "detail")
GREY = np.eye(3) * 0.01 + 0.99  # all channels alike
SIZE = 240


def small(picture: np.ndarray, side: int) -> np.ndarray:
    return cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)


def high(picture: np.ndarray) -> np.ndarray:
    grey = picture.mean(2)
    return grey - cv2.GaussianBlur(grey, (0, 0), 1.5)


@pytest.fixture(scope="module")
def skin() -> np.ndarray:
    """Slow slopes with pores."""
    return slopes(SIZE, SIZE) * (1 + 0.03 * grain((SIZE, SIZE), (0.7, 0.7), GREY, 2))


@pytest.mark.parametrize("method", METHODS)
class TestEveryMethod:
    def test_the_models_own_size_is_the_face_itself(self, method: str, skin: np.ndarray) -> None:
        assert enlarge(skin, SIZE, method, skin) is skin

    @given(side=st.integers(16, 64), size=st.integers(8, 160), value=st.floats(0, 1))
    @settings(max_examples=25, deadline=None)
    def test_an_even_face_stays_even(self, method: str, side: int, size: int, value: float) -> None:
        even = np.full((side, side, 3), value, np.float32)
        large = enlarge(even, size, method, np.full((size, size, 3), 0.4, np.float32))
        assert large.shape == (size, size, 3)
        assert large.dtype == np.float32
        np.testing.assert_allclose(large, value, atol=1e-5)

    def test_nothing_moves(self, method: str) -> None:
        slope = slopes(60, 60)
        large = enlarge(slope, SIZE, method, np.full((SIZE, SIZE, 3), 0.5, np.float32))
        np.testing.assert_allclose(small(large, 60)[4:-4, 4:-4], slope[4:-4, 4:-4], atol=2e-3)


def test_detail_without_plate_mask_or_strength_is_lanczos(skin: np.ndarray) -> None:
    made = small(slopes(SIZE, SIZE), 80)
    lanczos = enlarge(made, SIZE, "lanczos")
    empty = np.zeros((SIZE, SIZE), np.float32)
    assert np.array_equal(enlarge(made, SIZE, "detail"), lanczos)
    assert np.array_equal(enlarge(made, SIZE, "detail", skin, strength=0), lanczos)
    assert np.array_equal(enlarge(made, SIZE, "detail", skin, empty), lanczos)


def test_strength_is_linear(skin: np.ndarray) -> None:
    made = small(slopes(SIZE, SIZE), 80)
    none, half, whole = (enlarge(made, SIZE, "detail", skin, strength=s) for s in (0, 0.5, 1))
    np.testing.assert_allclose(half, (none + whole) / 2, atol=1e-6)


def test_pores_come_over_and_nothing_else(skin: np.ndarray) -> None:
    made = small(slopes(SIZE, SIZE), 80) * np.float32([0.6, 0.5, 0.4])
    large, plain = enlarge(made, SIZE, "detail", skin), enlarge(made, SIZE, "lanczos")
    inner = (slice(8, -8), slice(8, -8))
    wanted, got = high(skin)[inner], high(large)[inner]
    assert np.corrcoef(wanted.ravel(), got.ravel())[0, 1] > 0.9
    assert high(plain)[inner].std() < 0.1 * got.std()
    np.testing.assert_allclose(small(large, 20), small(plain, 20), atol=4e-3)


def test_texture_follows_the_made_faces_brightness(skin: np.ndarray) -> None:
    made = small(slopes(SIZE, SIZE), 80)
    bright, dark = enlarge(made, SIZE, "detail", skin), enlarge(made / 2, SIZE, "detail", skin)
    np.testing.assert_allclose(dark, bright / 2, atol=0.02)
    assert abs(high(dark).std() / high(bright).std() - 0.5) < 0.1


def test_a_feature_that_only_the_performer_has_does_not_come_over(skin: np.ndarray) -> None:
    line = np.zeros((SIZE, SIZE), np.float32)
    cv2.line(line, (60, 120), (180, 90), 1, 2, cv2.LINE_AA)
    lashes = skin * (1 - 0.8 * line[..., None])
    made = small(slopes(SIZE, SIZE), 80)
    gain = fine_detail(made, lashes, np.ones_like(line))
    skin_level = np.abs(gain)[cv2.dilate(line, np.ones((25, 25))) == 0].mean()
    assert np.abs(gain)[line > 0.5].mean() < 1.2 * skin_level
    unlimited = np.abs(high(lashes))[line > 0.5].mean() / np.abs(high(skin)).mean()
    assert unlimited > 5, "the performer's line is far above the skin's texture"


def test_the_performers_brows_and_lips_leave_no_ghosts(plate: np.ndarray, truth: np.ndarray, face: np.ndarray) -> None:
    made = small(truth, 128)
    plain, large = (enlarge(made, 384, method, plate, face) for method in ("lanczos", "detail"))
    inside = face > 0.5
    own, others = high(truth)[inside], high(plate)[inside]

    def part(picture: np.ndarray) -> float:
        """How much of the plate's fine structure is in a picture beyond what is the identity's own."""
        return float(np.linalg.lstsq(np.stack([own, others], 1), high(picture)[inside], rcond=None)[0][1])

    assert part(large) < 0.15
    assert part(large) > part(plain), "some of the performer's texture has come over"


@given(st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_agreement_is_whole_with_itself_and_between_none_and_whole(seed: int) -> None:
    one, other = np.random.default_rng(seed).random((2, 40, 40), np.float32)
    np.testing.assert_allclose(agreement(one, one), 1, atol=1e-4)
    mixed = agreement(one, other)
    assert 0 <= mixed.min() <= mixed.max() <= 1
    np.testing.assert_allclose(mixed, agreement(other, one), atol=1e-5)
    assert agreement(one, 1 - one).max() < 0.1
