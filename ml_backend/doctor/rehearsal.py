"""What a training step takes, found by making one with tensors that have shapes and no content.

The real trainer makes real steps on torch's meta device: nothing is computed and no memory is taken, but every tensor
that a step makes, keeps for the way back and lets go passes by and is counted, and so is every multiplication.
"""

import weakref
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from ml_backend.training.config import TrainingConfig
from ml_backend.training.data import TrainingFaces
from ml_backend.training.trainer import Networks, Trainer, build_networks

_META = torch.device("meta")
_FACES = 4  # of each identity; how many there are does not change what a step takes
_SPAN = 1.4


@dataclass(frozen=True)
class Step:
    """peak: bytes of tensors at the worst moment of a step, networks and optimisers included, facesets not.

    parameters: numbers in the autoencoder. opponent: numbers in the discriminator, 0 without one.
    operations: multiplications and additions of a step.
    """

    peak: int
    parameters: int
    opponent: int
    operations: int


def rehearse(config: TrainingConfig, identities: int, precision: torch.dtype) -> Step:
    """Make a training step of `config` for so many identities without computing it. Takes about a second."""
    names = [str(number) for number in range(identities)]
    side = round(config.architecture.resolution * _SPAN)
    counted = _LiveTensors()
    with counted, FlopCounterMode(display=False) as arithmetic:
        with _META:
            networks = build_networks(config, names, _META)
            faces = {name: _no_faces(side) for name in names}
        if precision == torch.bfloat16:
            networks = replace(networks, autoencoder=_InBfloat16(networks.autoencoder))  # type: ignore[arg-type]
        trainer = _Rehearsal(config, networks, faces)
        trainer.rehearse()  # the first one makes the optimisers' moments
        before = arithmetic.get_total_flops()
        trainer.rehearse()
    return Step(
        counted.peak,
        _count(networks.autoencoder),
        _count(networks.discriminator) if networks.discriminator else 0,
        arithmetic.get_total_flops() - before,
    )


def _no_faces(side: int) -> TrainingFaces:
    planes = torch.empty((_FACES, 5, side, side), dtype=torch.uint8)
    return TrainingFaces(planes, _SPAN, np.zeros(128, np.float32))


def _count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


class _Rehearsal(Trainer):
    """The trainer, kept from what cannot be done without content."""

    def __init__(self, config: TrainingConfig, networks: Networks, faces: dict[str, TrainingFaces]) -> None:
        super().__init__(config, networks, faces, _META, torch.float32)
        self._whole = False
        for optimizer in (self.optimizer, self.opponent):
            for group in optimizer.param_groups if optimizer else ():
                group.update(fused=False, foreach=False)  # there is no fused kernel that computes nothing

    def rehearse(self) -> None:
        """A step with everything in it, also the opponent."""
        self._whole = False
        try:
            self.step(0, 1.0)
        except RuntimeError:  # the very last thing that a step does is to read the loss, and there is none
            if not self._whole:
                raise

    def _autocast(self) -> AbstractContextManager[None]:  # type: ignore[override]
        return nullcontext()  # torch has no autocast for the meta device; see `_InBfloat16`

    def _average(self) -> None:
        super()._average()
        self._whole = True


class _InBfloat16(nn.Module):
    """A network that computes in bfloat16 from weights in float32: what autocast does, where there is none."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, faces: dict[str, Tensor]) -> Any:
        weights = {name: value.bfloat16() for name, value in self.network.named_parameters()}
        return functional_call(self.network, weights, ({name: x.bfloat16() for name, x in faces.items()},))


class _LiveTensors(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Adds up the storages of meta tensors from when they are made until nobody holds them any more."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.peak = 0
        self._sizes: dict[int, int] = {}
        self._live = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
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
