"""The networks that take part in a training."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import nn

from ml_backend.networks.autoencoder import Autoencoder
from ml_backend.networks.code_discriminator import CodeDiscriminator
from ml_backend.networks.discriminator import build_discriminator
from ml_backend.networks.families import build_autoencoder

from .base import Base, start_from
from .config import TrainingConfig
from .device import placed


@dataclass(frozen=True)
class Networks:
    """The autoencoder, its running mean, and its opponents (None where the loss does not ask for one)."""

    autoencoder: Autoencoder
    ema: Autoencoder
    discriminator: nn.Module | None = None
    code_discriminator: nn.Module | None = None


def build_networks(
    config: TrainingConfig, identities: Sequence[str], device: torch.device, base: Base | None = None
) -> Networks:
    """New networks; the same seed gives the same weights. With `base`, the autoencoder begins as that."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        autoencoder = build_autoencoder(config.architecture, identities)
        discriminator = code_discriminator = None
        if config.loss.adversarial:
            o, patch = config.opponent, config.architecture.resolution // 8
            discriminator = build_discriminator(o.kind, o.channels, o.spectral_norm, patch)
        if config.loss.code_adversarial:
            code_discriminator = CodeDiscriminator(autoencoder.code_size, len(identities))
    if base is not None:
        start_from(autoencoder, base)
    autoencoder.gradient_checkpointing = config.gradient_checkpointing
    return Networks(
        placed(autoencoder, device),
        placed(deepcopy(autoencoder), device).requires_grad_(False),
        placed(discriminator, device) if discriminator else None,
        placed(code_discriminator, device) if code_discriminator else None,
    )
