"""What the autoencoder pays for: pure functions of pictures N×3×R×R in 0–1 and weights N×1×R×R."""

from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor


@cache
def _gaussian(size: int, sigma: float) -> tuple[float, ...]:
    places = torch.arange(size, dtype=torch.float64) - (size - 1) / 2
    weights = torch.exp(-(places**2) / (2 * sigma**2))
    return tuple((weights / weights.sum()).tolist())


def _blur(x: Tensor, size: int, sigma: float) -> Tensor:
    """Separable Gaussian; only whole windows count, as in the original SSIM."""
    channels = x.shape[1]
    kernel = torch.tensor(_gaussian(size, sigma), dtype=x.dtype, device=x.device)
    x = F.conv2d(x, kernel.view(1, 1, -1, 1).expand(channels, 1, -1, 1), groups=channels)
    return F.conv2d(x, kernel.view(1, 1, 1, -1).expand(channels, 1, 1, -1), groups=channels)


def ssim_map(a: Tensor, b: Tensor, size: int = 11, sigma: float = 1.5) -> Tensor:
    """Structural similarity at every whole window, N×3×(R−size+1)²; 1 where the pictures are the same.

    Source: Wang et al., "Image quality assessment: from error visibility to structural similarity", 2004.
    """
    blurred = _blur(torch.cat([a, b, a * a, b * b, a * b]), size, sigma)
    mean_a, mean_b, square_a, square_b, product = blurred.chunk(5)
    variances = square_a - mean_a**2 + square_b - mean_b**2
    covariance = product - mean_a * mean_b
    c1, c2 = 0.01**2, 0.03**2
    alike = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    return alike / ((mean_a**2 + mean_b**2 + c1) * (variances + c2))


def weighted_mean(values: Tensor, weights: Tensor) -> Tensor:
    """The mean of N×C×R×R values under N×1×R×R weights."""
    return (values * weights).sum() / (weights.sum() * values.shape[1]).clamp_min(1e-6)


def dssim(made: Tensor, real: Tensor, weights: Tensor) -> Tensor:
    """(1 − SSIM) / 2 under the weights; the window grows with the picture."""
    size = max(5, round(real.shape[-1] / 11.6)) | 1
    edge = size // 2
    inner = weights[:, :, edge : weights.shape[2] - edge, edge : weights.shape[3] - edge]
    return weighted_mean((1 - ssim_map(made, real, size, size / 5.5)) / 2, inner)


def face_weights(mask: Tensor, features: Tensor, outside: float, eyes_and_mouth: float) -> Tensor:
    """Weights N×1×R×R: `outside` off the face, 1 on it, 1 + eyes_and_mouth on eyes and lips."""
    return outside + (1 - outside) * mask + eyes_and_mouth * features
