"""A small U-Net that says of every pixel whether it shows the face or something in front of it.

    R     3 ─┐ unshuffled                              shuffled ┌─► logits 1
    R/2     24 ────────────────────────────────────► 24 ───────┘
    R/4        48 ─────────────────────────────► 48
    R/8           96 ────────────────────► 96
    R/16            128 ───────────► up

Source: Ronneberger et al., "U-Net: Convolutional Networks for Biomedical Image Segmentation", 2015, with group
normalisation (Wu and He, "Group Normalization", 2018), which does the same for a batch of one as for many, and with
every 2×2 pixels as the channels of one (Shi et al., "Real-Time Single Image and Video Super-Resolution Using an
Efficient Sub-Pixel Convolutional Neural Network", 2016): most of the time went into the largest pictures.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

WIDTHS = (24, 48, 96, 128)
MULTIPLE = 2 ** len(WIDTHS)  # what the picture's side must be a multiple of
GROUPS = 8


class Layer(nn.Sequential):
    """A 3×3 convolution, normalised."""

    def __init__(self, channels_in: int, channels_out: int, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(channels_in, channels_out, 3, stride=stride, padding=1, bias=False),
            nn.GroupNorm(GROUPS, channels_out),
            nn.ReLU(inplace=True),
        )


class Stage(nn.Sequential):
    """Two layers, the first with the given stride."""

    def __init__(self, channels_in: int, channels_out: int, stride: int = 1) -> None:
        super().__init__(Layer(channels_in, channels_out, stride), Layer(channels_out, channels_out))


class UNet(nn.Module):
    """N×3×R×R pictures in 0–1, R a multiple of 16, to logits N×1×R×R: high where the face is seen."""

    def __init__(self) -> None:
        super().__init__()
        self.apart, self.together = nn.PixelUnshuffle(2), nn.PixelShuffle(2)
        self.first = Stage(3 * 4, WIDTHS[0])
        self.down = nn.ModuleList([Stage(a, b, stride=2) for a, b in pairwise(WIDTHS)])
        # brought to the skip's width while still small, where it costs least
        self.narrow = nn.ModuleList([nn.Conv2d(b, a, 1) for a, b in reversed(list(pairwise(WIDTHS)))])
        self.up = nn.ModuleList([Stage(2 * width, width) for width in reversed(WIDTHS[:-1])])
        self.last = nn.Conv2d(WIDTHS[0], 4, 3, padding=1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        features = [self.first(self.apart(x * 2 - 1))]
        for stage in self.down:
            features.append(stage(features[-1]))
        y = features.pop()
        for narrow, stage in zip(self.narrow, self.up, strict=True):
            skip = features.pop()
            y = interpolate(narrow(y), skip.shape[2:], mode="bilinear", align_corners=False)
            y = stage(torch.cat([skip, y], 1))
        logits: Tensor = self.together(self.last(y))
        return logits.float()
