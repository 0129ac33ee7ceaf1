"""All tensors that change while training, by name, and back: what a checkpoint holds."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from ml_backend.errors import BackendError

from .trainer import Trainer


def collect(trainer: Trainer) -> dict[str, dict[str, Tensor]]:
    """The parts of a checkpoint: weights, ema, optimizer and, where there is one, discriminator."""
    networks = trainer.networks
    parts = {
        "weights": dict(networks.autoencoder.state_dict()),
        "ema": dict(networks.ema.state_dict()),
        "optimizer": moments(trainer.optimizer, networks.autoencoder, "autoencoder"),
    }
    if networks.discriminator is not None and trainer.opponent is not None:
        parts["discriminator"] = dict(networks.discriminator.state_dict())
        parts["optimizer"] |= moments(trainer.opponent, networks.discriminator, "discriminator")
    return parts


def restore(trainer: Trainer, parts: Mapping[str, Mapping[str, Tensor]], origin: Path) -> None:
    """Set the trainer to what `collect` gave. A discriminator that is new to the model starts afresh.

    Raises BackendError that names `origin`, the checkpoint's folder, where the tensors are not those of the networks.
    """
    networks = trainer.networks
    try:
        networks.autoencoder.load_state_dict(parts["weights"])
        networks.ema.load_state_dict(parts["ema"])
        set_moments(trainer.optimizer, networks.autoencoder, "autoencoder", parts["optimizer"])
        if networks.discriminator is not None and trainer.opponent is not None and "discriminator" in parts:
            networks.discriminator.load_state_dict(parts["discriminator"])
            set_moments(trainer.opponent, networks.discriminator, "discriminator", parts["optimizer"])
    except RuntimeError as error:
        raise BackendError(
            f"The tensors of the checkpoint {origin} are not those of its own configuration: {error}.",
            f"Delete {origin} to use the checkpoint before it.",
        ) from error


def moments(optimizer: torch.optim.Optimizer, network: nn.Module, owner: str) -> dict[str, Tensor]:
    """What an optimizer remembers of a network's parameters, named OWNER.PARAMETER.KEY."""
    names: dict[Tensor, str] = {parameter: name for name, parameter in network.named_parameters()}
    return {
        f"{owner}.{names[parameter]}.{key}": value
        for parameter, state in optimizer.state.items()
        for key, value in state.items()
    }


def set_moments(
    optimizer: torch.optim.Optimizer, network: nn.Module, owner: str, tensors: Mapping[str, Tensor]
) -> None:
    """Make an optimizer remember what `moments` gave."""
    for name, parameter in network.named_parameters():
        prefix = f"{owner}.{name}."
        state = {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
        state = {key: value for key, value in state.items() if "." not in key}
        for key, value in state.items():
            # moments lie in memory as their parameter does: the fused optimizer walks them side by side
            own = torch.empty_like(value if value.ndim == 0 else parameter, device=parameter.device)
            state[key] = own.detach().copy_(value)
        if state:
            optimizer.state[parameter] = state
