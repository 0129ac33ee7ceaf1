"""Structural similarity: light, contrast and structure of small windows instead of single pixels."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from .pixels import weighted_mean, weighted_means

WINDOW = 11.6  # windows along a picture's side, as in DeepFaceLab
LARGE = 256  # from this side on half of the price is asked for windows of half the side, as in DeepFaceLab
_LIGHT, _CONTRAST = 0.01**2, 0.03**2  # the paper's C1 and C2 for pictures in 0–1
_SCALES = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # table of the paper on several scales
_SMALLEST = 0.01  # similarities below it go on as a straight line, see `_log`


def ssim_map(a: Tensor, b: Tensor, size: int = 11, sigma: float = 1.5) -> Tensor:
    """Structural similarity at every whole window, N×3×(R−size+1)²; 1 where the pictures are the same.

    Source: Wang et al., "Image quality assessment: from error visibility to structural similarity", 2004.
    """
    light, structure = _similarities(a, b, size, sigma)
    return light * structure


def dssim(made: Tensor, real: Tensor, weights: Tensor, windows: Sequence[float] = (WINDOW,)) -> Tensor:
    """(1 − SSIM) / 2 under the weights: the mean over windows, each given as how many of them make up a side.

    A pixel counts for the windows that it lies in: for its neighbours up to half a window away.
    """
    return torch.stack([_dssim(made, real, weights, _window(real.shape[-1], part)) for part in windows]).mean()


def windows_for(side: int) -> tuple[float, ...]:
    """The windows for pictures of this side: one, or for large pictures a second one for the fine structure."""
    return (WINDOW,) if side < LARGE else (WINDOW, 2 * WINDOW)


def ms_ssim(made: Tensor, real: Tensor, weights: Tensor) -> Tensor:
    """1 − the structural similarity over several scales, under the weights, as a mean over channels and faces.

    The paper's five scales need a side of 176 for its windows of 11 pixels. Smaller pictures are seen at as many
    scales as these windows fit into, with the paper's weights of the first ones (64: 3 scales, 32: 2).
    Source: Wang, Simoncelli and Bovik, "Multi-scale structural similarity for image quality assessment", 2003.
    """
    n, channels = made.shape[:2]
    scales = _scales(real.shape[-1])
    size = min(11, _odd(real.shape[-1]))
    logarithm = made.new_zeros(n * channels)
    for scale, share in enumerate(scales):
        if scale:
            made, real, weights = (F.avg_pool2d(x, 2) for x in (made, real, weights))
        light, structure = _similarities(made, real, size, 1.5)
        similarity = light * structure if scale == len(scales) - 1 else structure
        inner = _inner(weights, size).repeat_interleave(channels, 0)
        # as what is missing to 1, so that a face without weights misses nothing
        missing = weighted_means((1 - similarity).flatten(0, 1).unsqueeze(1), inner)
        logarithm = logarithm + share * _log(1 - missing)
    return (1 - logarithm.exp()).mean()


def _scales(side: int) -> list[float]:
    count = sum(side // 2**scale >= 11 for scale in range(len(_SCALES)))
    shares = _SCALES[: max(1, count)]
    return [share / sum(shares) for share in shares]


def _log(similarity: Tensor) -> Tensor:
    """The logarithm, below _SMALLEST its tangent: similarities may be negative, where powers have no gradient."""
    smallest = torch.full_like(similarity, _SMALLEST)
    return torch.maximum(similarity, smallest).log() + (similarity - smallest).clamp_max(0) / _SMALLEST


def _dssim(made: Tensor, real: Tensor, weights: Tensor, size: int) -> Tensor:
    return weighted_mean((1 - ssim_map(made, real, size, size / 5.5)) / 2, _inner(weights, size))


def _window(side: int, part: float) -> int:
    return min(max(5, round(side / part)) | 1, _odd(side))


def _odd(side: int) -> int:
    """The largest odd number up to it."""
    return side - 1 + side % 2


def _inner(weights: Tensor, size: int) -> Tensor:
    """The weights of the middles of the whole windows."""
    edge = size // 2
    return weights[:, :, edge : weights.shape[2] - edge, edge : weights.shape[3] - edge]


def _similarities(a: Tensor, b: Tensor, size: int, sigma: float) -> tuple[Tensor, Tensor]:
    """Light, and contrast times structure, at every whole window."""
    # The two variances occur only as their sum, so that four pictures are blurred, not five. One by one: `b` alone
    # needs no gradient.
    mean_a, mean_b, squares, product = (_blur(x, size, sigma) for x in (a, b, a * a + b * b, a * b))
    product_of_means, squares_of_means = mean_a * mean_b, mean_a * mean_a + mean_b * mean_b
    light = (2 * product_of_means + _LIGHT) / (squares_of_means + _LIGHT)
    structure = (2 * (product - product_of_means) + _CONTRAST) / (squares - squares_of_means + _CONTRAST)
    return light, structure


def _blur(x: Tensor, size: int, sigma: float) -> Tensor:
    """Separable Gaussian; only whole windows count, as in the original SSIM."""
    height, width = x.shape[2:]
    if max(height, width) > 32 * size:  # here the matrices would be nearly all zeros
        channels = x.shape[1]
        kernel = _gaussians(size, size, sigma, x)
        x = F.conv2d(x, kernel.view(1, 1, -1, 1).expand(channels, 1, -1, 1), groups=channels)
        return F.conv2d(x, kernel.view(1, 1, 1, -1).expand(channels, 1, 1, -1), groups=channels)
    # On training faces two to five times faster on a CPU than depthwise convolutions, forwards and backwards
    return _gaussians(height, size, sigma, x) @ (x @ _gaussians(width, size, sigma, x).T)


def _gaussians(side: int, size: int, sigma: float, like: Tensor) -> Tensor:
    """(side−size+1)×side: each row a window's weights in its place, of the type and on the device of `like`."""
    # made anew each time: a stored tensor of inference mode could not take part in training
    rows = torch.arange(side - size + 1, dtype=like.dtype, device=like.device)[:, None]
    place = torch.arange(side, dtype=like.dtype, device=like.device) - rows
    weights = torch.exp(-((place - (size - 1) / 2) ** 2) / (2 * sigma**2)) * ((place >= 0) & (place < size))
    return weights / weights.sum(1, keepdim=True)
