"""Identities that join a trained model, without the others being forgotten."""

from collections.abc import Sequence
from dataclasses import replace

from ml_backend.networks.autoencoder import Autoencoder
from ml_backend.networks.code_discriminator import CodeDiscriminator
from ml_backend.networks.families import add_identities

from .build import Networks
from .device import placed


def with_newcomers(networks: Networks, names: Sequence[str]) -> Networks:
    """The networks with further identities, who begin as the mean of those that are known; old parts bit for bit."""
    device = next(networks.autoencoder.parameters()).device
    guesser = networks.code_discriminator
    if guesser is not None:  # it tells so many from one another, and one more is another task
        guesser = CodeDiscriminator(networks.autoencoder.code_size, len(networks.autoencoder.identities) + len(names))
        guesser = guesser.to(device)
    joined = placed(add_identities(networks.autoencoder, names), device)
    averaged = placed(add_identities(networks.ema, names), device).requires_grad_(False)
    return replace(networks, autoencoder=joined, ema=averaged, code_discriminator=guesser)


def learn_only(network: Autoencoder, identities: Sequence[str]) -> None:
    """Let only what belongs to these identities alone be changed, so that the others stay as they are, bit for bit."""
    network.requires_grad_(False)
    for identity in identities:
        for module in network.own(identity):
            module.requires_grad_(True)
