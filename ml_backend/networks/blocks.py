"""The building blocks that the autoencoder families share."""

import torch
from torch import Tensor, nn
from torch.nn.functional import pixel_shuffle
from torch.utils.checkpoint import checkpoint


class Stages(nn.Sequential):
    """One stage after the other. With `recompute`, training keeps only what goes into each composed stage."""

    recompute = False

    def forward(self, x: Tensor) -> Tensor:
        return self.run(x, slice(None))

    def run(self, x: Tensor, part: slice) -> Tensor:
        """Only some of the stages."""
        again = self.recompute and self.training and torch.is_grad_enabled()
        for stage in list(self)[part]:
            # a single layer keeps little more than its input, so there is nothing to win
            composed = again and next(stage.children(), None) is not None
            x = checkpoint(stage, x, use_reentrant=False) if composed else stage(x)
        return x


class Downscale(nn.Sequential):
    """Halves the side: a strided 5×5 convolution."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__(nn.Conv2d(channels_in, channels_out, 5, stride=2, padding=2), nn.LeakyReLU(0.1, inplace=True))


class Upscale(nn.Sequential):
    """Doubles the side: a 3×3 convolution to four times the channels, shuffled into space."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__(
            nn.Conv2d(channels_in, 4 * channels_out, 3, padding=1),
            nn.LeakyReLU(0.1, inplace=True),
            Shuffle(),
        )


class Shuffle(nn.Module):
    """Doubles the side: N×4C×H×W to N×C×2H×2W, each four channels to four pixels (Shi et al., 2016)."""

    def forward(self, x: Tensor) -> Tensor:
        # torch's own keeps channels last on the processor only; elsewhere the next convolution would copy once more
        if x.is_cuda and x.is_contiguous(memory_format=torch.channels_last):
            return shuffle_channels_last(x)
        return pixel_shuffle(x, 2)


def shuffle_channels_last(x: Tensor) -> Tensor:
    """The same for a picture that lies channels last, with a single copy; what it gives lies channels last, too."""
    n, channels, height, width = x.shape
    places = x.permute(0, 2, 3, 1).view(n, height, width, channels // 4, 2, 2)
    shuffled = places.permute(0, 1, 4, 2, 5, 3).reshape(n, 2 * height, 2 * width, channels // 4)
    return shuffled.permute(0, 3, 1, 2)


class Residual(nn.Module):
    """Two 3×3 convolutions beside the identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(channels, channels, 3, padding=1),
        )
        self.activation = nn.LeakyReLU(0.2, inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.activation(x + self.convolutions(x))
        return out


class PixelNorm(nn.Module):
    """Scales every code to unit mean square (Karras et al., "Progressive Growing of GANs", 2018)."""

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.rsqrt(x.square().mean(dim=1, keepdim=True) + 1e-8)


def initialise(network: nn.Module, slope: float = 0.1) -> None:
    """Weights that keep the size of signals through leaky rectifiers of this slope (He et al., 2015), no biases."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, a=slope, nonlinearity="leaky_relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
