"""Structural similarity on values that are known."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_backend.training.losses import dssim, ssim_map
from ml_backend.training.losses.structural import ms_ssim, windows_for

Pictures = Callable[..., torch.Tensor]
PAPER = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def noise(seed: int, side: int = 24, count: int = 2) -> torch.Tensor:
    return torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(seed))


@given(st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_a_picture_is_as_similar_to_itself_as_can_be(seed: int) -> None:
    a = noise(seed)
    torch.testing.assert_close(ssim_map(a, a), torch.ones(2, 3, 14, 14))
    assert abs(float(dssim(a, a, torch.ones(2, 1, 24, 24)))) < 1e-6


@given(st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=30, deadline=None)
def test_flat_pictures_differ_by_their_light_only(x: float, y: float) -> None:
    a, b = torch.full((1, 3, 16, 16), x, dtype=torch.float64), torch.full((1, 3, 16, 16), y, dtype=torch.float64)
    expected = (2 * x * y + 1e-4) / (x * x + y * y + 1e-4)
    np.testing.assert_allclose(ssim_map(a, b).numpy(), expected, rtol=1e-6)


def test_a_negative_has_the_opposite_structure() -> None:
    a = noise(3).double()
    assert float(ssim_map(a, 1 - a).mean()) < -0.7


@pytest.mark.parametrize("shape", [(40, 40), (24, 31), (20, 400)])  # the last one is blurred by convolution
def test_noise_by_the_formula_of_the_paper(shape: tuple[int, int]) -> None:
    """Against OpenCV's Gaussian instead of ours."""
    rng = np.random.default_rng(4)
    a, b = rng.random((2, *shape))

    def blur(x: np.ndarray) -> np.ndarray:
        return cv2.GaussianBlur(x, (11, 11), 1.5)[5:-5, 5:-5]

    ma, mb = blur(a), blur(b)
    va, vb, cab = blur(a * a) - ma * ma, blur(b * b) - mb * mb, blur(a * b) - ma * mb
    expected = (2 * ma * mb + 1e-4) * (2 * cab + 9e-4) / ((ma * ma + mb * mb + 1e-4) * (va + vb + 9e-4))
    got = ssim_map(torch.from_numpy(a)[None, None], torch.from_numpy(b)[None, None])[0, 0].numpy()
    np.testing.assert_allclose(got, expected, atol=1e-9)


def test_what_inference_computes_first_training_can_use(pictures: Pictures) -> None:
    a, b = pictures(1), pictures(2)
    with torch.inference_mode():
        ssim_map(a, b)
    made = a.clone().requires_grad_()
    ssim_map(made, b).mean().backward()
    assert made.grad is not None


def test_only_what_lies_under_the_weights_counts() -> None:
    a, b = noise(1), noise(2)
    b[..., :12] = a[..., :12]
    left = torch.zeros(2, 1, 24, 24)
    left[..., :6] = 1
    assert abs(float(dssim(a, b, left))) < 1e-6
    assert float(dssim(a, b, 1 - left)) > 0.1


def test_the_window_grows_with_the_picture() -> None:
    a, b = noise(1, 96), noise(2, 96)
    expected = (1 - ssim_map(a, b, 9, 9 / 5.5)) / 2
    torch.testing.assert_close(dssim(a, b, torch.ones(2, 1, 96, 96)), expected.mean())


def test_large_pictures_have_two_windows() -> None:
    assert windows_for(128) == (11.6,)
    assert windows_for(256) == (11.6, 23.2)
    a, b, ones = noise(1, 256, 1), noise(2, 256, 1), torch.ones(1, 1, 256, 256)
    coarse, fine = (1 - ssim_map(a, b, 23, 23 / 5.5)) / 2, (1 - ssim_map(a, b, 11, 2)) / 2
    both = dssim(a, b, ones, windows_for(256))
    torch.testing.assert_close(both, (coarse.mean() + fine.mean()) / 2)


@pytest.mark.parametrize("side", [4, 8, 16])
def test_the_faces_of_a_growing_network_may_be_tiny(side: int) -> None:
    a, b, ones = noise(1, side), noise(2, side), torch.ones(2, 1, side, side)
    for loss in (dssim, ms_ssim):
        assert abs(float(loss(a, a, ones))) < 1e-5
        assert 0.05 < float(loss(a, b, ones)) <= 1


@pytest.mark.parametrize(("side", "scales"), [(32, 2), (64, 3), (96, 4), (176, 5)])
def test_several_scales_by_the_formula_of_the_paper(side: int, scales: int) -> None:
    """Against the same in numpy."""
    rng = np.random.default_rng(side)
    a = rng.random((side, side))
    b = np.clip(a + rng.normal(0, 0.2, a.shape), 0, 1)
    kernel = np.exp(-(np.arange(-5, 6) ** 2) / 4.5)
    kernel /= kernel.sum()

    def blur(x: np.ndarray) -> np.ndarray:
        for axis in (0, 1):
            x = np.apply_along_axis(np.convolve, axis, x, kernel, "valid")
        return x

    product, x, y = 1.0, a, b
    shares = np.array(PAPER[:scales]) / sum(PAPER[:scales])
    for scale in range(scales):
        mx, my = blur(x), blur(y)
        structure = (2 * (blur(x * y) - mx * my) + 9e-4) / (blur(x * x) + blur(y * y) - mx * mx - my * my + 9e-4)
        if scale == scales - 1:
            structure = structure * (2 * mx * my + 1e-4) / (mx * mx + my * my + 1e-4)
        product *= structure.mean() ** shares[scale]
        even = len(x) // 2 * 2
        x, y = (z[:even, :even].reshape(even // 2, 2, even // 2, 2).mean((1, 3)) for z in (x, y))
    given_a, given_b = (torch.from_numpy(z)[None, None] for z in (a, b))
    got = ms_ssim(given_a, given_b, torch.ones(1, 1, side, side, dtype=torch.float64))
    np.testing.assert_allclose(float(got), 1 - product, atol=1e-9)


def test_opposite_structure_costs_all_and_still_has_a_gradient() -> None:
    a = noise(3, 32).requires_grad_()
    loss = ms_ssim(a, 1 - a.detach(), torch.ones(2, 1, 32, 32))
    loss.backward()
    assert 0.9 < loss.item() <= 1
    assert a.grad is not None
    assert torch.isfinite(a.grad).all()


def test_several_scales_of_weighted_places_only() -> None:
    a, b = noise(1, 64), noise(2, 64)
    b[..., :48] = a[..., :48]
    left = torch.zeros(2, 1, 64, 64)
    left[..., :12] = 1
    assert abs(float(ms_ssim(a, b, left))) < 1e-5
    assert float(ms_ssim(a, b, 1 - left)) > 0.05
