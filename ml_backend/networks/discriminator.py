"""The opponent: tells made faces from real ones. Which kinds there are, and what either side pays.

Every picture discriminator takes N×3×R×R faces in 0–1, R from 16 to 1024, and gives a tuple of maps N×1×H×W of
logits, high where it looks real. All losses are means of per-face values.
"""

from collections.abc import Callable, Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from .patch_discriminator import PatchDiscriminator
from .unet_discriminator import UNetDiscriminator

Kind = Literal["patch", "unet"]
Loss = Literal["hinge", "bce"]
Maps = Sequence[Tensor]


def build_discriminator(kind: Kind, channels: int, spectral_norm: bool, patch: int = 16) -> nn.Module:
    """A new discriminator with random weights. patch: side in pixels of what the U-Net sees at its centre.

    DeepFaceLab takes an eighth of the faces' side. Raises ValueError for an unknown kind.
    """
    if kind == "patch":
        return PatchDiscriminator(channels, spectral_norm)
    if kind == "unet":
        return UNetDiscriminator(channels, spectral_norm, patch)
    raise ValueError(f"there is no discriminator {kind}, only patch and unet")


def discriminator_loss(real_maps: Maps, made_maps: Maps, kind: Loss = "hinge") -> Tensor:
    """What the discriminator pays for its verdicts on real and on made faces, the mean over its maps.

    hinge: Lim and Ye, "Geometric GAN", 2017. bce: the cross entropy of Goodfellow et al., "Generative Adversarial
    Nets", 2014.
    """
    pay = _PRICES[kind]
    return _mean(real_maps, lambda real: pay(-real)) / 2 + _mean(made_maps, pay) / 2


def adversarial_loss(made_maps: Maps, kind: Loss = "hinge") -> Tensor:
    """What the autoencoder pays for being caught; bce in the form that does not fade when it is caught always."""
    return _mean(made_maps, (lambda made: softplus(-made)) if kind == "bce" else torch.neg)


def r1_penalty(discriminator: Callable[[Tensor], Maps], real: Tensor) -> Tensor:
    """Half the squared gradient of the verdicts on real faces by their pixels; for use outside of autocast.

    Of a map of P verdicts it is the mean over its patches, where these do not overlap: the gradient of their sum,
    divided by √P. So it does not grow with the faces' side. Source: Mescheder et al., "Which Training Methods for
    GANs do actually Converge?", 2018 (their R1, with P = 1).
    """
    faces = real.detach().float().requires_grad_()
    verdicts = [m.float().sum() / (m[0].numel() ** 0.5) for m in discriminator(faces)]
    (gradient,) = torch.autograd.grad(torch.stack(verdicts).sum(), faces, create_graph=True)
    return gradient.square().flatten(1).sum(1).mean() / 2


_PRICES: dict[str, Callable[[Tensor], Tensor]] = {"hinge": lambda made: (1 + made).relu(), "bce": softplus}


def _mean(maps: Maps, price: Callable[[Tensor], Tensor]) -> Tensor:
    return torch.stack([price(m.float()).mean() for m in maps]).mean()
