"""How large a network is."""

from torch import nn

from .autoencoder import Autoencoder


def count_parameters(network: Autoencoder) -> dict[str, int]:
    """Numbers to learn in each part, such as encoder, inter and decoders (of all identities together), and in total."""
    counts = {name: _count(part) for name, part in network.named_children()}
    return counts | {"total": _count(network)}


def _count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
