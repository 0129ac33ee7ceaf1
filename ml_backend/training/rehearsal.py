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
from torch.func import functional_call
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from ml_backend.networks.recogniser import Recogniser

from .build import Networks, build_networks
from .config import TrainingConfig
from .data import TrainingFaces
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


def rehearse(config: TrainingConfig, identities: int, precision: torch.dtype) -> Step:
    """Make a training step of `config` for so many identities without computing it. Takes about a second.

    With gradient checkpointing `peak` is too cautious: a real step of fast128 with 16 faces held a quarter less.
    """
    names = [str(number) for number in range(identities)]
    side = round(config.architecture.resolution * _SPAN)
    counted = _LiveTensors()
    with counted, FlopCounterMode(display=False) as arithmetic:
        with _META:
            networks = build_networks(config, names, _META)
            faces = {name: _no_faces(side) for name in names}
            recogniser = Recogniser() if config.loss.recognition else None
        trainer = _Rehearsal(config.model_copy(update={"compile": False}), networks, faces, recogniser)
        if precision != torch.float32:
            trainer.forward = _InShort(networks.autoencoder, precision)
        trainer.step(0, 1.0)  # the first one makes the optimisers' moments; all take part at the end of the budget
        before = arithmetic.get_total_flops()
        trainer.step(1, 1.0)
    return Step(
        counted.peak,
        _count(networks.autoencoder),
        sum(_count(n) for n in (networks.discriminator, networks.code_discriminator) if n is not None),
        arithmetic.get_total_flops() - before,
    )


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
    """A network that computes in 16 bits from weights in float32: what autocast does, where there is none."""

    def __init__(self, network: nn.Module, precision: torch.dtype) -> None:
        super().__init__()
        self.network, self.precision = network, precision

    def forward(self, faces: dict[str, Tensor], swaps: Sequence[tuple[str, str]]) -> Any:
        weights = {name: value.to(self.precision) for name, value in self.network.named_parameters()}
        inputs = {name: x.to(self.precision) for name, x in faces.items()}
        return functional_call(self.network, weights, (inputs, swaps))


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
