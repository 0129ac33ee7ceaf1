"""A discriminator that judges patches, and then every pixel.

    R      c ──────────────────────────────────────────► c ─► verdicts on pixels
    R/2       2c ─────────────────────────────────► 2c
    R/4           4c ────────────────────────► 4c
    R/8               8c ─► verdicts on patches ─┘                  (as many halvings as the patch's side asks for)

Source: Schönfeld et al., "A U-Net Based Discriminator for Generative Adversarial Networks", 2020, in the small form
in which DeepFaceLab uses it: 3×3 convolutions that see one patch of the face at the centre, channels from `channels`
up to 512. Where it departs: all of them halve the side; theirs are halved or not as the patch's side asks for exactly.
"""

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu
from torch.nn.utils.parametrizations import spectral_norm

SLOPE = 0.2
WIDEST = 512


class UNetDiscriminator(nn.Module):
    """N×3×R×R faces in 0–1 to two maps of logits: N×1×P×P for patches, N×1×R×R for pixels.

    With h halvings P is R/2ʰ, and a verdict on a patch sees a square of 2ʰ⁺¹ − 1 pixels: the h that comes nearest to
    `patch` is taken. norm: spectral normalisation (Miyato et al., 2018).
    """

    def __init__(self, channels: int = 16, norm: bool = True, patch: int = 16) -> None:
        super().__init__()
        calm = spectral_norm if norm else nn.Identity()
        halvings = max(1, round(math.log2((patch + 1) / 2)))
        widths = [min(channels << level, max(WIDEST, channels)) for level in range(halvings + 1)]
        self.first = calm(nn.Conv2d(3, widths[0], 1))
        self.down = nn.ModuleList(calm(nn.Conv2d(a, b, 3, stride=2, padding=1)) for a, b in pairwise(widths))
        self.patches = calm(nn.Conv2d(widths[-1], 1, 1))
        self.middle = calm(nn.Conv2d(widths[-1], widths[-1], 1))
        # all but the innermost take what came up beside what was kept
        inputs = [widths[-1], *(2 * width for width in reversed(widths[1:-1]))]
        self.up = nn.ModuleList(
            calm(nn.ConvTranspose2d(a, b, 3, stride=2, padding=1))
            for a, b in zip(inputs, reversed(widths[:-1]), strict=True)
        )
        self.pixels = calm(nn.Conv2d(2 * widths[0], 1, 1))

    def forward(self, faces: Tensor) -> tuple[Tensor, Tensor]:
        x = leaky_relu(self.first(faces), SLOPE, inplace=True)
        kept = []
        for down in self.down:
            kept.append(x)
            x = leaky_relu(down(x), SLOPE, inplace=True)
        patches = self.patches(x)
        x = leaky_relu(self.middle(x), SLOPE, inplace=True)
        for up in self.up:
            skip = kept.pop()
            x = torch.cat([skip, leaky_relu(up(x, output_size=skip.shape[2:]), SLOPE, inplace=True)], 1)
        return patches, self.pixels(x)
