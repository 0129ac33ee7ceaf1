"""The decoder of df and liae: from what inter gives to a face and its mask.

    plain   S  inter ─► 2S  4d, residual ─► 4S  2d, residual ─► 8S  d, residual ─► face, mask      8S = R
    deep    S  inter ─► 2S  4d, residual ─► 4S  4d, … ─► 8S  2d, … ─► 16S  d, residual ─► face, mask      16S = R
    subpixel: all of that at half the sides, and the last convolutions give four pixels where there was one

The mask comes from the face's last features, or from stages of its own without residuals: m = mask_channels instead of
d, and with subpixel a last doubling with m/2.

Source: DeepFaceLab's decoder. Its d is half of ours, which is the last stage's width; deep is its option -t, subpixel
with subpixel_heads its -d.
"""

from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, pad

from .architecture import Architecture
from .blocks import Residual, Shuffle, Stages, Upscale


def inter_side(a: Architecture) -> int:
    """The side at which the dense layer of an inter hands over to convolutions."""
    return a.resolution // (32 if a.subpixel else 16)


class SubpixelHeads(nn.Module):
    """N×channels_in×H×W to N×(4·channels_out)×H×W, to be shuffled up: a 1×1 and three 3×3 convolutions, one a pixel.

    They run as one 3×3 convolution, since reading the features once is worth more than eight multiplications by zero.
    """

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.heads = nn.ModuleList(nn.Conv2d(channels_in, channels_out, kernel) for kernel in (1, 3, 3, 3))

    def forward(self, x: Tensor) -> Tensor:
        heads = [cast(nn.Conv2d, head) for head in self.heads]
        first, *others = (head.weight for head in heads)
        weight = torch.stack([pad(first, (1, 1, 1, 1)), *others], 1).flatten(0, 1)
        bias = torch.stack([cast(Tensor, head.bias) for head in heads], 1).flatten()
        return conv2d(x, weight, bias, padding=1)


class Decoder(nn.Module):
    """N×channels_in×S×S features to the faces N×3×R×R in 0–1 and their masks N×1×R×R as logits, both float32."""

    def __init__(self, a: Architecture, channels_in: int) -> None:
        super().__init__()
        d, m = a.decoder_channels, a.mask_channels
        stages: list[nn.Module] = []
        for pair in pairwise(_widths(channels_in, d, a.deep)):
            stages.append(Upscale(*pair))
            if a.residuals:
                stages.append(Residual(pair[1]))
        self.stages = Stages(*stages)
        self.face = _head(a, d, 3, kernel=3 if a.subpixel else 1)
        self.shuffle = Shuffle() if a.subpixel else nn.Identity()
        if m:
            widths = [*_widths(channels_in, m, a.deep), *([max(1, m // 2)] if a.subpixel else [])]
            self.mask_stages: Stages | None = Stages(*(Upscale(*pair) for pair in pairwise(widths)))
            self.mask: nn.Module = nn.Conv2d(widths[-1], 1, 1)
        else:
            self.mask_stages = None
            self.mask = _head(a, d, 1, kernel=1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        features = self.stages(x)
        face = self.shuffle(self.face(features))
        mask = self.shuffle(self.mask(features)) if self.mask_stages is None else self.mask(self.mask_stages(x))
        return torch.sigmoid(face.float()), mask.float()

    def initialise_heads(self) -> None:
        """Begin near grey and near an undecided mask."""
        for head in (self.face, self.mask):
            for module in head.modules():
                if isinstance(module, nn.Conv2d):
                    nn.init.normal_(module.weight, std=0.01)


def _widths(channels_in: int, last: int, deep: bool) -> list[int]:
    return [channels_in, *([4 * last] if deep else []), 4 * last, 2 * last, last]


def _head(a: Architecture, channels_in: int, channels_out: int, kernel: int) -> nn.Module:
    """What makes the output, or with subpixel four values of it for each place."""
    if a.subpixel_heads:
        return SubpixelHeads(channels_in, channels_out)
    return nn.Conv2d(channels_in, (4 if a.subpixel else 1) * channels_out, kernel, padding=kernel // 2)
