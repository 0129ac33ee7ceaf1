"""The opponent: tells made faces from real ones, patch by patch.

Source: Isola et al., "Image-to-Image Translation with Conditional Adversarial Networks", 2017 (the patches);
Miyato et al., "Spectral Normalization for Generative Adversarial Networks", 2018 (what keeps it calm).
"""

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm


class PatchDiscriminator(nn.Sequential):
    """N×3×R×R faces in 0–1 to a map N×1×(R/8)×(R/8): high where a patch looks real."""

    def __init__(self, channels: int = 32) -> None:
        c = channels
        super().__init__(
            spectral_norm(nn.Conv2d(3, c, 4, stride=2, padding=1)),
            nn.LeakyReLU(0.2),
            spectral_norm(nn.Conv2d(c, 2 * c, 4, stride=2, padding=1)),
            nn.LeakyReLU(0.2),
            spectral_norm(nn.Conv2d(2 * c, 4 * c, 4, stride=2, padding=1)),
            nn.LeakyReLU(0.2),
            spectral_norm(nn.Conv2d(4 * c, 1, 3, padding=1)),
        )


def discriminator_loss(real: Tensor, made: Tensor) -> Tensor:
    """Hinge loss of the discriminator's maps for real and made faces (Lim and Ye, "Geometric GAN", 2017)."""
    return ((1 - real).relu().mean() + (1 + made).relu().mean()) / 2


def adversarial_loss(made: Tensor) -> Tensor:
    """What the autoencoder pays for being caught."""
    return -made.mean()
