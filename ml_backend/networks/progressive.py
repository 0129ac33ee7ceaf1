"""The progressive family: a comb like df that grows from faces of 4×4 to 1024×1024.

    encoder   faces ─► from RGB ─► … 64² ─► 32² ─► 16² ─► 8² ─► 4² ─► code
    decoder   code ─► 4² ─► 8² ─► 16² ─► 32² ─► 64² … ─► to RGB and mask          (one for each identity)

The network has a way in (from RGB) and a way out (to RGB and mask) at every side, a power of two from 4 to the
architecture's resolution. It begins with the innermost levels and small faces, where expressions are learned in
little time, and then takes one level after the other around them. A new level comes in slowly: what goes through it
and what goes past it, through the level inside, are blended (`grow`, between two powers of two).

A picture of side s has min(code, channels · 1024 / s) channels, channels being encoder_channels or decoder_channels:
with 16, and a code of 512, from 512 at the inside to 16 at 1024. A level is two 3×3 convolutions, each with a leaky
rectifier of 0.2, and a halving by average or a doubling by repetition. All levels exist from the start, so that
optimisers and data-parallel training keep their parameters; those not in use get no gradient.

Source: Naruniec et al., "High-Resolution Neural Face Swapping for Visual Effects", 2020 (the comb, its growth, the
channels, the rectifiers); the inside of a level and the fading follow Karras et al., "Progressive Growing of GANs for
Improved Quality, Stability, and Variation", 2018, whose pixel-norm the code gets with unit_code.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate

from .architecture import Architecture
from .autoencoder import Autoencoder
from .blocks import PixelNorm, Stages, initialise

SMALLEST = 4
SLOPE = 0.2


class Layer(nn.Sequential):
    """A convolution and its leaky rectifier."""

    def __init__(self, channels_in: int, channels_out: int, kernel: int = 3) -> None:
        super().__init__(
            nn.Conv2d(channels_in, channels_out, kernel, padding=kernel // 2), nn.LeakyReLU(SLOPE, inplace=True)
        )


class Halving(nn.Sequential):
    """A level of the encoder: half the side, more channels."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__(Layer(channels_in, channels_in), Layer(channels_in, channels_out), nn.AvgPool2d(2))


class Doubling(nn.Sequential):
    """A level of the decoder: twice the side, fewer channels."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__(
            nn.Upsample(scale_factor=2), Layer(channels_in, channels_out), Layer(channels_out, channels_out)
        )


class Encoder(nn.Module):
    """N×3×S×S faces, S the side of `level`, to N×code. Level 0 has faces of 4×4, each further one twice the side."""

    def __init__(self, a: Architecture) -> None:
        super().__init__()
        widths = level_widths(a, a.encoder_channels)
        self.from_rgb = nn.ModuleList(Layer(3, width, kernel=1) for width in widths)
        self.levels = Stages(*(Halving(*pair) for pair in pairwise(reversed(widths))))  # the largest first
        self.last = nn.Sequential(
            Layer(widths[0], widths[0]), nn.Flatten(), nn.Linear(widths[0] * SMALLEST * SMALLEST, a.code)
        )
        if a.unit_code:
            self.last.append(PixelNorm())

    def forward(self, faces: Tensor, level: int, fade: float) -> Tensor:
        start = len(self.levels) - level
        x: Tensor = self.from_rgb[level](faces)
        if fade < 1:
            x = self.levels.run(x, slice(start, start + 1))
            x = torch.lerp(self.from_rgb[level - 1](avg_pool2d(faces, 2)).to(x.dtype), x, fade)
            start += 1
        code: Tensor = self.last(self.levels.run(x, slice(start, None)))
        return code


class Decoder(nn.Module):
    """N×code to the faces N×3×S×S in 0–1 and their masks N×1×S×S as logits, both float32, S the side of `level`."""

    def __init__(self, a: Architecture) -> None:
        super().__init__()
        widths = level_widths(a, a.decoder_channels)
        self.first = nn.Sequential(
            nn.Linear(a.code, widths[0] * SMALLEST * SMALLEST),
            nn.LeakyReLU(SLOPE, inplace=True),
            nn.Unflatten(1, (widths[0], SMALLEST, SMALLEST)),
            Layer(widths[0], widths[0]),
        )
        self.levels = Stages(*(Doubling(*pair) for pair in pairwise(widths)))
        self.to_rgb_and_mask = nn.ModuleList(nn.Conv2d(width, 3 + 1, 1) for width in widths)

    def forward(self, code: Tensor, level: int, fade: float) -> tuple[Tensor, Tensor]:
        x: Tensor = self.first(code)
        if fade < 1:
            x = self.levels.run(x, slice(level - 1))
            past = interpolate(self.to_rgb_and_mask[level - 1](x), scale_factor=2)
            x = self.levels.run(x, slice(level - 1, level))
            out = torch.lerp(past.float(), self.to_rgb_and_mask[level](x).float(), fade)
        else:
            out = self.to_rgb_and_mask[level](self.levels.run(x, slice(level))).float()
        return torch.sigmoid(out[:, :3]), out[:, 3:]


class ProgressiveAutoencoder(Autoencoder):
    """The shared encoder with a comb of decoders; it stands at its full side until told otherwise."""

    def __init__(self, architecture: Architecture, identities: Sequence[str]) -> None:
        super().__init__(architecture, identities)
        self.encoder = Encoder(architecture)
        decoders = [Decoder(architecture) for _ in identities]
        self.decoders = nn.ModuleList(decoders)
        initialise(self, SLOPE)
        for decoder in decoders:
            for head in decoder.to_rgb_and_mask:
                nn.init.normal_(head.get_parameter("weight"), std=0.01)
        self.grow(architecture.resolution)

    @property
    def side(self) -> int:
        return SMALLEST << self._level

    def grow(self, side: float) -> None:
        """Work at this side from now on, from 4 to the architecture's resolution.

        Between two powers of two faces have the larger side, and its level counts as much as the base-2 logarithm is
        past the smaller. Raises ValueError where the side is out of range.
        """
        if not SMALLEST <= side <= self.architecture.resolution:
            raise ValueError(f"side={side} is not between {SMALLEST} and {self.architecture.resolution}")
        steps = math.log2(side / SMALLEST)
        self._level = math.ceil(steps)
        self._fade = 1 - (self._level - steps)

    def encode(self, faces: Tensor) -> tuple[Tensor, ...]:
        """The code. Raises ValueError for faces of another side than the present one."""
        if faces.shape[-1] != self.side:
            raise ValueError(f"faces have side {faces.shape[-1]}, but the network works at {self.side} now")
        return (self.encoder(faces, self._level, self._fade),)

    def decode(self, encoded: Sequence[Tensor], identity: str) -> tuple[Tensor, Tensor]:
        (code,) = encoded
        face, mask = self.decoders[self.identities.index(identity)](code, self._level, self._fade)
        return face, mask

    def own(self, identity: str) -> list[nn.Module]:
        return [self.decoders[self.identities.index(identity)]]


def level_widths(a: Architecture, channels: int) -> list[int]:
    """Channels of each level, the smallest side first."""
    count = int(math.log2(a.resolution // SMALLEST)) + 1
    return [min(a.code, channels * 1024 // (SMALLEST << level)) for level in range(count)]
