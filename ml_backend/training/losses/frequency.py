"""Focal frequency loss: what a made face misses of the frequencies, above all of those that it misses most."""

import math

import torch
from torch import Tensor


def focal_frequency(made: Tensor, real: Tensor, mask: Tensor) -> Tensor:
    """The squared difference of the spectra under the mask N×1×R×R, each frequency weighted by how far it is off.

    A frequency's weight is the size of its difference as a part of the largest one in that channel of that face.
    The unit is that of a mean squared difference of pixels, which is never less (Parseval): all weights would have to
    be 1. 0 for an empty mask.
    Source: Jiang et al., "Focal Frequency Loss for Image Reconstruction and Synthesis", 2021, with α = 1 and the
    whole picture as the patch.
    """
    difference = (made - real) * mask
    energy = energies(difference)
    sizes = energy.detach().sqrt()
    focus = sizes / sizes.amax((2, 3), keepdim=True).clamp_min(1e-12)
    paid = (focus * energy * _occurrences(difference.shape[3], energy)).sum((1, 2, 3))
    return (paid / (mask.square().sum((1, 2, 3)) * made.shape[1]).clamp_min(1e-6)).mean()


def energies(x: Tensor) -> Tensor:
    """The squared sizes N×C×H×(W//2+1) of the frequencies of N×C×H×W, those of an orthonormal Fourier transform.

    By matrices, not by a fast transform: for the sides of faces it is quick enough, and it is one way for every
    device, with gradients, compiled or not; mps and the compiler do not have complex numbers everywhere.
    """
    height, width = x.shape[2:]
    cos_x, sin_x = _waves(width, width // 2 + 1, x)
    cos_y, sin_y = _waves(height, height, x)
    even, odd = x @ cos_x.T, x @ sin_x.T
    return (cos_y @ even - sin_y @ odd).square() + (sin_y @ even + cos_y @ odd).square()


def _waves(side: int, count: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """Cosines and sines count×side of the first frequencies."""
    places = torch.arange(side, device=like.device)
    turns = places[:count, None] * places % side  # whole turns are taken off while the numbers are exact
    angles = turns.to(like.dtype) * (2 * math.pi / side)
    return angles.cos() / math.sqrt(side), angles.sin() / math.sqrt(side)


def _occurrences(width: int, like: Tensor) -> Tensor:
    """How often each column of `energies` is in the whole spectrum, whose other half mirrors the first: 1 or 2."""
    column = torch.arange(width // 2 + 1, device=like.device)
    return 2 - ((column == 0) | (2 * column == width)).to(like.dtype)
