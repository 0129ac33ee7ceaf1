"""A discriminator that judges patches.

Source: Isola et al., "Image-to-Image Translation with Conditional Adversarial Networks", 2017 (the patches);
Miyato et al., "Spectral Normalization for Generative Adversarial Networks", 2018 (what keeps it calm).
"""

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm


class PatchDiscriminator(nn.Sequential):
    """N×3×R×R faces in 0–1 to one map N×1×(R/8)×(R/8) of logits, each seeing 38×38 pixels."""

    def __init__(self, channels: int = 32, norm: bool = True) -> None:
        c = channels
        calm = spectral_norm if norm else nn.Identity()
        super().__init__(
            calm(nn.Conv2d(3, c, 4, stride=2, padding=1)),
            nn.LeakyReLU(0.2, inplace=True),
            calm(nn.Conv2d(c, 2 * c, 4, stride=2, padding=1)),
            nn.LeakyReLU(0.2, inplace=True),
            calm(nn.Conv2d(2 * c, 4 * c, 4, stride=2, padding=1)),
            nn.LeakyReLU(0.2, inplace=True),
            calm(nn.Conv2d(4 * c, 1, 3, padding=1)),
        )

    def forward(self, faces: Tensor) -> tuple[Tensor]:
        x = faces
        for layer in self:
            x = layer(x)
        return (x,)
