"""Focal frequency loss against numpy's Fourier transform, and on single waves."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from ml_backend.training.losses.frequency import energies, focal_frequency

Pictures = Callable[..., torch.Tensor]


@pytest.mark.parametrize("side", [32, 33])
def test_energies_are_those_of_a_fourier_transform(pictures: Pictures, side: int) -> None:
    x = pictures(1, side=side)
    expected = np.abs(np.fft.rfft2(x.numpy(), norm="ortho")) ** 2
    np.testing.assert_allclose(energies(x).numpy(), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("side", [32, 33])
def test_noise_by_the_formula_of_the_paper(pictures: Pictures, side: int) -> None:
    """With numpy: the two spectra, their distances, weights that are the distances of which the largest is 1."""
    made, real = pictures(1, side=side).double(), pictures(2, side=side).double()
    spectra = [np.fft.fft2(x.numpy(), norm="ortho") for x in (made, real)]
    distances = np.abs(spectra[0] - spectra[1])
    expected = (distances / distances.max((2, 3), keepdims=True) * distances**2).mean()
    got = focal_frequency(made, real, torch.ones(2, 1, side, side, dtype=torch.float64))
    np.testing.assert_allclose(float(got), expected, rtol=1e-9)


def test_a_single_wave_costs_its_mean_square() -> None:
    """All its energy lies in two frequencies that mirror one another, both with the weight 1."""
    wave = 0.2 * torch.cos(torch.arange(32) * 2 * torch.pi * 5 / 32).expand(1, 3, 32, 32)
    real = torch.full((1, 3, 32, 32), 0.5)
    loss = focal_frequency(real + wave, real, torch.ones(1, 1, 32, 32))
    torch.testing.assert_close(loss, torch.tensor(0.2**2 / 2))


def test_a_spread_difference_costs_less_than_its_mean_square(pictures: Pictures) -> None:
    made, real = pictures(1), pictures(2)
    loss = focal_frequency(made, real, torch.ones(2, 1, 32, 32))
    assert 0 < float(loss) < float((made - real).square().mean())


def test_what_lies_off_the_mask_does_not_count(pictures: Pictures) -> None:
    made, real, mask = pictures(1), pictures(2), torch.zeros(2, 1, 32, 32)
    mask[..., 8:24, 8:24] = 1
    changed = torch.where(mask > 0, made, pictures(3))
    torch.testing.assert_close(focal_frequency(made, real, mask), focal_frequency(changed, real, mask))
