"""Models with random weights, in folders as a training leaves them: for tests of what becomes of trained models."""

from pathlib import Path

import torch

from ml_backend.errors import BackendError
from ml_backend.networks.families import build_autoencoder
from ml_backend.provenance.consent import find_record
from ml_backend.training.config import TrainingConfig
from ml_backend.training.models.checkpoints import Checkpoint, CheckpointInfo, save_checkpoint

SIZES = {"resolution": 32, "encoder_channels": 8, "code": 32, "inter_channels": 32, "decoder_channels": 8}


def save_model(
    model: Path,
    iteration: int = 1,
    names: tuple[str, ...] = ("anna", "ben", "carl"),
    side: float | None = None,
    **architecture: object,
) -> Path:
    """Write a checkpoint of a network that has learned nothing; returns its folder."""
    if architecture.get("family") == "progressive":
        sizes = {"resolution": 32, "encoder_channels": 4, "code": 16, "decoder_channels": 4}
    else:
        sizes = SIZES if architecture.get("family") != "classic" else {"resolution": 64}
    config = TrainingConfig.model_validate({"architecture": sizes | architecture, "keep_history": True})
    torch.manual_seed(iteration)
    network = build_autoencoder(config.architecture, names)
    weights = dict(network.state_dict())
    info = CheckpointInfo(
        identities=list(names),
        learning=list(names),
        config=config,
        precision="float32",
        iteration=iteration,
        seconds=2.0 * iteration,
        loss=0.5,
        side=side or config.architecture.resolution,
        landmark_model="facemesh478",
        references={name: [0.1 * n, 0.2] for n, name in enumerate(names)},
        middles={name: (0.0, -0.1 * n) for n, name in enumerate(names)},
        consent={name: _record(name) for name in names},
    )
    moments = {"autoencoder.step": torch.zeros(())}
    parts = {"weights": weights, "ema": weights, "optimizer": moments}
    return save_checkpoint(model, Checkpoint(info, parts), keep=99)


def _record(name: str) -> str:
    """The hash of the record of consent that is there, as a training would have kept it."""
    try:
        return find_record(name, None)[0].sha256()
    except BackendError:
        return "0" * 64
