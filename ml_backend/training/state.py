"""All tensors that change while training, by name, and back: what a checkpoint holds."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from ml_backend.errors import BackendError

from .base import find_base
from .build import Networks, build_networks
from .config import TrainingConfig
from .models.checkpoints import OPPONENTS, Checkpoint
from .trainer import Trainer

Parts = Mapping[str, Mapping[str, Tensor]]


def collect(trainer: Trainer) -> dict[str, dict[str, Tensor]]:
    """The parts of a checkpoint: weights, ema, optimizer and, where they are, the discriminators."""
    networks = trainer.networks
    parts = {
        "weights": dict(networks.autoencoder.state_dict()),
        "ema": dict(networks.ema.state_dict()),
        "optimizer": moments(trainer.optimizer, networks.autoencoder, "autoencoder"),
    }
    for name, optimizer in trainer.opponents.items():
        network: nn.Module = getattr(networks, name)
        parts[name] = dict(network.state_dict())
        parts["optimizer"] |= moments(optimizer, network, name)
    if trainer.scaler.is_enabled():
        scaler = trainer.scaler.state_dict()
        parts["optimizer"] |= {
            f"scaler.{key}": torch.tensor(scaler[key], dtype=torch.float64) for key in ("scale", "_growth_tracker")
        }
    return parts


def first_parts(trainer: Trainer) -> dict[str, dict[str, Tensor]]:
    """The parts of a new model with which a trainer of it began."""
    config, identities = trainer.config, trainer.networks.autoencoder.identities
    base = find_base(config.base, config.architecture)
    fresh = build_networks(config, identities, trainer.device, base)
    networks = {"weights": fresh.autoencoder, "ema": fresh.ema} | {
        name: getattr(fresh, name) for name in trainer.opponents
    }
    return {name: dict(network.state_dict()) for name, network in networks.items()} | {"optimizer": {}}


def carried_over(checkpoint: Checkpoint, config: TrainingConfig, identities: int) -> dict[str, Mapping[str, Tensor]]:
    """The parts of a checkpoint from which a training of `config` with so many identities can go on.

    Without the moments of another optimizer, and without a discriminator of another make or for other identities.
    """
    parts, before = dict(checkpoint.parts), checkpoint.info.config
    if _make(before) != _make(config):
        parts.pop("discriminator", None)
    if len(checkpoint.info.identities) != identities:  # it tells them from one another
        parts.pop("code_discriminator", None)
    if "optimizer" in parts:
        owners = {"autoencoder", "scaler", *parts} if before.optimizer == config.optimizer else {"scaler"}
        moved = parts["optimizer"].items()
        parts["optimizer"] = {name: value for name, value in moved if name.split(".")[0] in owners}
    return parts


def _make(config: TrainingConfig) -> tuple[str, int, bool]:
    return config.opponent.kind, config.opponent.channels, config.opponent.spectral_norm


def restore_networks(networks: Networks, parts: Parts, origin: Path) -> None:
    """Set the networks to what `collect` gave. A discriminator that is new to the model starts afresh.

    Raises BackendError that names `origin`, the checkpoint's folder, where the tensors are not those of the networks.
    """
    try:
        networks.autoencoder.load_state_dict(parts["weights"])
        networks.ema.load_state_dict(parts["ema"])
        for name in OPPONENTS:
            network: nn.Module | None = getattr(networks, name)
            if network is not None and name in parts:
                network.load_state_dict(parts[name])
    except RuntimeError as error:
        raise _foreign(error, origin) from error


def restore_moments(trainer: Trainer, parts: Parts, origin: Path) -> None:
    """Let the optimizers remember what `collect` gave; raises as `restore_networks` does."""
    networks, stored = trainer.networks, parts["optimizer"]
    try:
        set_moments(trainer.optimizer, networks.autoencoder, "autoencoder", stored)
        for name, optimizer in trainer.opponents.items():
            set_moments(optimizer, getattr(networks, name), name, stored)
    except RuntimeError as error:
        raise _foreign(error, origin) from error
    if trainer.scaler.is_enabled() and "scaler.scale" in stored:
        state = trainer.scaler.state_dict()
        state |= {
            "scale": float(stored["scaler.scale"]),
            "_growth_tracker": int(stored["scaler._growth_tracker"]),
        }
        trainer.scaler.load_state_dict(state)


def restore(trainer: Trainer, parts: Parts, origin: Path) -> None:
    """Set a trainer to what `collect` gave, with the opponents that are not in it as at the beginning."""
    restore_networks(trainer.networks, parts, origin)
    new = [name for name in trainer.opponents if name not in parts]
    if new:
        networks = trainer.networks
        fresh = build_networks(trainer.config, networks.autoencoder.identities, trainer.device)
        for name in new:
            getattr(networks, name).load_state_dict(getattr(fresh, name).state_dict())
    restore_moments(trainer, parts, origin)


def _foreign(error: RuntimeError, origin: Path) -> BackendError:
    return BackendError(
        f"The tensors of the checkpoint {origin} are not those of its own configuration: {error}.",
        f"Delete {origin} to use the checkpoint before it.",
    )


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
    optimizer.state.clear()
    for name, parameter in network.named_parameters():
        prefix = f"{owner}.{name}."
        state = {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
        state = {key: value for key, value in state.items() if "." not in key}
        for key, value in state.items():
            # moments lie in memory as their parameter does: the fused optimizer walks them side by side
            own = torch.empty_like(value if value.ndim == 0 else parameter, device=parameter.device)
            state[key] = own.detach().copy_(value)
        if state and parameter.requires_grad:
            optimizer.state[parameter] = state
