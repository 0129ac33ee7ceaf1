"""The building blocks that the autoencoder families share."""

import torch
from torch import Tensor, nn


class Downscale(nn.Sequential):
    """Halves the side: a strided 5×5 convolution."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__(nn.Conv2d(channels_in, channels_out, 5, stride=2, padding=2), nn.LeakyReLU(0.1))


class Upscale(nn.Sequential):
    """Doubles the side: a 3×3 convolution to four times the channels, shuffled into space."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__(nn.Conv2d(channels_in, 4 * channels_out, 3, padding=1), nn.LeakyReLU(0.1), nn.PixelShuffle(2))


class Residual(nn.Module):
    """Two 3×3 convolutions beside the identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1), nn.LeakyReLU(0.2), nn.Conv2d(channels, channels, 3, padding=1)
        )
        self.activation = nn.LeakyReLU(0.2)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.activation(x + self.convolutions(x))
        return out


class PixelNorm(nn.Module):
    """Scales every code to unit mean square (Karras et al., "Progressive Growing of GANs", 2018)."""

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.rsqrt(x.square().mean(dim=1, keepdim=True) + 1e-8)
