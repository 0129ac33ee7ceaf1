"""What a training step takes, found by making one with tensors that have shapes and no content.

The real trainer makes real steps on torch's meta device: nothing is computed and no memory is taken, but every tensor
that a step makes, keeps for the way back and lets go passes by and is counted, and so is every multiplication.
"""

import weakref
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry

from ml_backend.networks.recogniser import Recogniser

from .build import Networks, build_networks
from .config import TrainingConfig
from .data import TrainingFaces
from .newcomers import learn_only
from .trainer import Trainer

_META = torch.device("meta")
_FACES = 4  # of each identity; how many there are does not change what a step takes
_SPAN = 1.4


@dataclass(frozen=True)
class Step:
    """peak: bytes of tensors at the worst moment of a step, networks and optimisers included, facesets not.

    parameters: numbers in the autoencoder. opponent: numbers in the discriminators, 0 without one.
    operations: multiplications and additions of a step.
    """

    peak: int
    parameters: int
    opponent: int
    operations: int


def rehearse(config: TrainingConfig, identities: int, precision: torch.dtype, learning: int | None = None) -> Step:
    """Make a training step of `config` for so many identities without computing it. Takes about a second.

    learning: how many of them learn; all where it is None. It is the step of the recipe's phase that takes the most.
    """
    names = [str(number) for number in range(identities)]
    side = round(config.architecture.resolution * _SPAN)
    counted = _Counted()
    with counted:
        with _META:
            networks = build_networks(config, names, _META)
            if learning is not None and learning < identities:
                names = names[-learning:]
                learn_only(networks.autoencoder, names)
            faces = {name: _no_faces(side) for name in names}
            recogniser = Recogniser() if config.loss.recognition else None
        trainer = _Rehearsal(_fullest(config), networks, faces, recogniser)
        if precision != torch.float32:
            trainer.forward = _InShort(networks.autoencoder, precision)
        trainer.step(0, 1.0)  # the first one makes the optimisers' moments
        before = counted.operations
        trainer.step(1, 1.0)
    return Step(
        counted.peak,
        _count(networks.autoencoder),
        sum(_count(n) for n in (networks.discriminator, networks.code_discriminator) if n is not None),
        counted.operations - before,
    )


def _fullest(config: TrainingConfig) -> TrainingConfig:
    """The configuration with the largest side and, if any phase has them, the discriminators in its last phase."""
    *before, last = config.recipe
    last = last.model_copy(update={"adversarial": max(phase.adversarial for phase in config.recipe)})
    return config.model_copy(update={"compile": False, "recipe": (*before, last)})


def _no_faces(side: int) -> TrainingFaces:
    planes = torch.empty((_FACES, 5, side, side), dtype=torch.uint8)
    return TrainingFaces(planes, _SPAN, np.zeros(128, np.float32))


def _count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


class _Rehearsal(Trainer):
    """The trainer, kept from what cannot be done without content."""

    def __init__(
        self, config: TrainingConfig, networks: Networks, faces: dict[str, TrainingFaces], recogniser: Recogniser | None
    ) -> None:
        super().__init__(config, networks, faces, _META, torch.float32, recogniser=recogniser)
        for optimizer in (self.optimizer, *self.opponents.values()):
            for group in optimizer.param_groups:
                if "fused" in group:
                    group.update(fused=False, foreach=False)  # there is no fused kernel that computes nothing

    def _autocast(self) -> AbstractContextManager[None]:
        return nullcontext()  # torch has no autocast for the meta device; see `_InShort`


class _InShort(nn.Module):
    """A network that computes in 16 bits from weights in float32: what autocast does, where there is none.

    Also where gradient checkpointing computes a part once more on the way back.
    """

    def __init__(self, network: nn.Module, precision: torch.dtype) -> None:
        super().__init__()
        self.network, self.precision = network, precision
        for module in list(network.modules()):
            for name, _ in list(module.named_parameters(recurse=False)):
                parametrize.register_parametrization(module, name, _Cast(precision), unsafe=True)

    def forward(self, faces: dict[str, Tensor], swaps: Sequence[tuple[str, str]]) -> Any:
        with parametrize.cached():  # one copy of a weight for all that use it
            return self.network({name: x.to(self.precision) for name, x in faces.items()}, swaps)


class _Cast(nn.Module):
    def __init__(self, precision: torch.dtype) -> None:
        super().__init__()
        self.precision = precision

    def forward(self, weight: Tensor) -> Tensor:
        return weight.to(self.precision)


class _Counted(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Adds up the storages of meta tensors from when they are made until nobody holds them any more, and all
    multiplications and additions."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.peak = 0
        self.operations = 0
        self._sizes: dict[int, int] = {}
        self._live = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        if (count := flop_registry.get(func.overloadpacket)) is not None:
            self.operations += count(*args, **(kwargs or {}), out_val=made)
        for leaf in tree_leaves(made):
            if isinstance(leaf, Tensor) and leaf.device == _META:
                self._note(leaf.untyped_storage())
        return made

    def _note(self, storage: torch.UntypedStorage) -> None:
        key = storage._cdata
        if key not in self._sizes:
            self._sizes[key] = storage.nbytes()
            self._live += storage.nbytes()
            self.peak = max(self.peak, self._live)
            weakref.finalize(storage, self._gone, key).atexit = False

    def _gone(self, key: int) -> None:
        self._live -= self._sizes.pop(key)
