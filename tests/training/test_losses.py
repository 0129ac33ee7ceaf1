"""Losses on values that are known."""

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_backend.training.losses import dssim, face_weights, ssim_map, weighted_mean


def pictures(seed: int, side: int = 24, count: int = 2) -> torch.Tensor:
    return torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(seed))


@given(st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_a_picture_is_as_similar_to_itself_as_can_be(seed: int) -> None:
    a = pictures(seed)
    torch.testing.assert_close(ssim_map(a, a), torch.ones(2, 3, 14, 14))
    assert abs(float(dssim(a, a, torch.ones(2, 1, 24, 24)))) < 1e-6


@given(st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=30, deadline=None)
def test_flat_pictures_differ_by_their_light_only(x: float, y: float) -> None:
    a, b = torch.full((1, 3, 16, 16), x, dtype=torch.float64), torch.full((1, 3, 16, 16), y, dtype=torch.float64)
    expected = (2 * x * y + 1e-4) / (x * x + y * y + 1e-4)
    np.testing.assert_allclose(ssim_map(a, b).numpy(), expected, rtol=1e-6)


def test_a_negative_has_the_opposite_structure() -> None:
    a = pictures(3).double()
    assert float(ssim_map(a, 1 - a).mean()) < -0.7


def test_noise_by_the_formula_of_the_paper() -> None:
    """Against OpenCV's Gaussian instead of ours."""
    rng = np.random.default_rng(4)
    a, b = rng.random((2, 40, 40))

    def blur(x: np.ndarray) -> np.ndarray:
        return cv2.GaussianBlur(x, (11, 11), 1.5)[5:-5, 5:-5]

    ma, mb = blur(a), blur(b)
    va, vb, cab = blur(a * a) - ma * ma, blur(b * b) - mb * mb, blur(a * b) - ma * mb
    expected = (2 * ma * mb + 1e-4) * (2 * cab + 9e-4) / ((ma * ma + mb * mb + 1e-4) * (va + vb + 9e-4))
    got = ssim_map(torch.from_numpy(a)[None, None], torch.from_numpy(b)[None, None])[0, 0].numpy()
    np.testing.assert_allclose(got, expected, atol=1e-9)


def test_the_weighted_mean_of_known_values() -> None:
    values = torch.tensor([[[[1.0, 2.0]], [[3.0, 6.0]]]])  # two channels, two pixels
    weights = torch.tensor([[[[1.0, 3.0]]]])
    torch.testing.assert_close(weighted_mean(values, weights), torch.tensor((1 + 6 + 3 + 18) / 8))
    assert float(weighted_mean(values, torch.zeros(1, 1, 1, 2))) == 0


def test_only_what_lies_under_the_weights_counts() -> None:
    a, b = pictures(1), pictures(2)
    b[..., :12] = a[..., :12]
    left = torch.zeros(2, 1, 24, 24)
    left[..., :6] = 1
    assert abs(float(dssim(a, b, left))) < 1e-6
    assert float(dssim(a, b, 1 - left)) > 0.1


@pytest.mark.parametrize(
    ("mask", "features", "expected"), [(0.0, 0.0, 0.1), (1.0, 0.0, 1.0), (1.0, 1.0, 3.0), (0.5, 0.0, 0.55)]
)
def test_the_weights_of_places(mask: float, features: float, expected: float) -> None:
    weight = face_weights(torch.full((1, 1, 1, 1), mask), torch.full((1, 1, 1, 1), features), 0.1, 2.0)
    torch.testing.assert_close(weight, torch.full((1, 1, 1, 1), expected))
