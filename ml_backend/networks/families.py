"""Which family an architecture names: building it, and adding identities to what was built."""

from collections.abc import Sequence

import torch

from .architecture import Architecture
from .autoencoder import Autoencoder
from .classic import SIDE as CLASSIC_SIDE
from .classic import ClassicAutoencoder
from .df import DfAutoencoder
from .liae import LiaeAutoencoder
from .progressive import ProgressiveAutoencoder

FAMILIES: dict[str, type[Autoencoder]] = {
    "df": DfAutoencoder,
    "liae": LiaeAutoencoder,
    "classic": ClassicAutoencoder,
    "progressive": ProgressiveAutoencoder,
}
_CHOICES = {  # what an architecture may set, where it is not everything
    "classic": {"family", "resolution"},
    "progressive": {"family", "resolution", "encoder_channels", "code", "decoder_channels", "unit_code"},
}


def check_architecture(a: Architecture) -> None:
    """Raises ValueError with the reason where the family cannot be built like this."""
    default = Architecture()
    for name in sorted(Architecture.model_fields.keys() - _CHOICES.get(a.family, Architecture.model_fields.keys())):
        if getattr(a, name) != getattr(default, name):
            raise ValueError(f"a {a.family} network has no {name} to choose: leave it at {getattr(default, name)}")
    if a.family == "classic" and a.resolution != CLASSIC_SIDE:
        raise ValueError(f"a classic network is for resolution={CLASSIC_SIDE} only, as it was in 2017")
    if a.family == "progressive" and a.resolution & (a.resolution - 1):
        raise ValueError("a progressive network doubles its side as it grows: resolution must be a power of two")


def build_autoencoder(architecture: Architecture, identities: Sequence[str]) -> Autoencoder:
    """A new network with random weights.

    Raises ValueError with the reason where there is no such network, or where two identities have one name.
    """
    check_architecture(architecture)
    return FAMILIES[architecture.family](architecture, identities)


def add_identities(network: Autoencoder, names: Sequence[str], like: str | None = None) -> Autoencoder:
    """A new network for the old identities and these, which forgets nothing: every old part is there bit for bit.

    What belongs to a new identity alone begins as a copy of that of `like`, or, without it, as the mean of all. The
    old network stays as it is; the new one shares no memory with it, stands on its device, and at its full side.
    Raises ValueError where a name is there already, or `like` is not.
    """
    if like is not None and like not in network.identities:
        raise ValueError(f"{like} is none of the network's identities ({', '.join(network.identities)})")
    with torch.device("meta"):
        grown = build_autoencoder(network.architecture, [*network.identities, *names])
    old = {name: value.clone() for name, value in network.state_dict().items()}
    grown.load_state_dict(old, strict=False, assign=True)
    # the first identity of liae owns nothing, so it has no say in the mean
    origins = [like] if like else [name for name in network.identities if network.own(name)] or network.identities
    for name in names:
        sources = zip(*(network.likeness(origin) for origin in origins), strict=True)
        for module, alike in zip(grown.own(name), sources, strict=True):
            states = [source.state_dict() for source in alike]
            mean = {key: torch.stack([state[key] for state in states]).mean(0) for key in states[0]}
            module.load_state_dict(mean, assign=True)
    grown.gradient_checkpointing = network.gradient_checkpointing
    return grown.train(network.training)
