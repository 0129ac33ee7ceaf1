"""How well faces are rebuilt that nothing was learned from."""

import hashlib
from collections.abc import Mapping

import torch
from torch import Tensor

from .augmentation import make_batch
from .data import TrainingFaces
from .losses.total import reconstruction_loss
from .preview import UNCHANGED
from .trainer import Trainer

FACES = 32  # of each identity at most, spread evenly


@torch.no_grad()
def held_out_loss(trainer: Trainer, held_out: Mapping[str, TrainingFaces]) -> float:
    """The mean loss of the averaged network on faces as they are, as far as it is paid for rebuilding."""
    network, config = trainer.networks.ema, trainer.config
    values = []
    for name, faces in held_out.items():
        for indices in torch.split(_looked_at(faces), max(1, config.batch_size // trainer.accumulate)):
            batch = make_batch(faces.take(indices), faces.span, network.side, UNCHANGED, torch.Generator())
            face, mask, _ = network({name: batch.input})[name, name]
            loss, _ = reconstruction_loss(
                face, mask, batch.target, batch.mask, batch.features, config.loss, trainer.recogniser
            )
            values += [float(loss)] * len(indices)
    return sum(values) / len(values)


def key_of_measured(held_out: Mapping[str, TrainingFaces]) -> str | None:
    """The SHA-256 of the faces that `held_out_loss` looks at, and of whose they are; None where there are none."""
    if not held_out:
        return None
    sha256 = hashlib.sha256()
    for name, faces in held_out.items():
        sha256.update(name.encode())
        for index in _looked_at(faces):
            sha256.update(faces.take(index[None]).cpu().numpy().tobytes())
    return sha256.hexdigest()


def _looked_at(faces: TrainingFaces) -> Tensor:
    return faces.spread(min(FACES, len(faces)))
