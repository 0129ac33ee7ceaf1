"""Faces made of noise, for tests of the step and of checkpoints that need nobody."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from ml_backend.training.config import TrainingConfig, make_config
from ml_backend.training.data import TrainingFaces
from ml_backend.training.trainer import Trainer, build_networks

MakeTrainer = Callable[..., Trainer]
CPU = torch.device("cpu")


def noise_faces(seed: int) -> TrainingFaces:
    planes = torch.randint(0, 256, (6, 5, 48, 48), generator=torch.Generator().manual_seed(seed), dtype=torch.uint8)
    return TrainingFaces(planes, 1.3, np.full(128, seed, np.float32))


@pytest.fixture
def make_trainer() -> MakeTrainer:
    def make(config: TrainingConfig | None = None, names: tuple[str, ...] = ("a", "b"), **texts: str) -> Trainer:
        config = config or make_config("tiny", {key.replace("__", "."): text for key, text in texts.items()})
        faces = {name: noise_faces(n) for n, name in enumerate(names, 1)}
        precision = torch.bfloat16 if config.precision == "bfloat16" else torch.float32
        return Trainer(config, build_networks(config, list(names), CPU), faces, CPU, precision)

    return make
