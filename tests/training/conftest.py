"""Faces made of noise, for tests of the step and of checkpoints that need nobody."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ml_backend.cli import main
from ml_backend.progress import SilentReporter
from ml_backend.requests import TrainRequest
from ml_backend.training.build import build_networks
from ml_backend.training.config import TrainingConfig
from ml_backend.training.data import TrainingFaces
from ml_backend.training.device import resolve_precision
from ml_backend.training.presets import make_config
from ml_backend.training.train import run_train
from ml_backend.training.trainer import Trainer

MakeTrainer = Callable[..., Trainer]
Train = Callable[..., dict[str, Any]]
STEPS = 10
CPU = torch.device("cpu")


def noise_faces(seed: int) -> TrainingFaces:
    planes = torch.randint(0, 256, (6, 5, 48, 48), generator=torch.Generator().manual_seed(seed), dtype=torch.uint8)
    return TrainingFaces(planes, 1.3, np.full(128, seed, np.float32))


@pytest.fixture(scope="session")
def two_people() -> dict[str, TrainingFaces]:
    return {name: noise_faces(n) for n, name in enumerate(("a", "b"), 1)}


@pytest.fixture
def make_trainer() -> MakeTrainer:
    def make(config: TrainingConfig | None = None, names: tuple[str, ...] = ("a", "b"), **texts: str) -> Trainer:
        config = config or make_config("tiny", {key.replace("__", "."): text for key, text in texts.items()})
        faces = {name: noise_faces(n) for n, name in enumerate(names, 1)}
        precision = resolve_precision("float32" if config.precision == "auto" else config.precision, CPU)
        return Trainer(config, build_networks(config, list(names), CPU), faces, CPU, precision)

    return make


@pytest.fixture
def train(facesets: dict[str, Path], consent: Path, tmp_path: Path) -> Train:
    """Train tmp_path/"model" with the tiny preset; keywords change the request."""

    def train(reporter: SilentReporter | None = None, **changes: Any) -> dict[str, Any]:
        request: dict[str, Any] = {
            "model": tmp_path / "model",
            "facesets": facesets,
            "preset": "tiny",
            "iterations": STEPS,
            "consent": consent,
        }
        return run_train(TrainRequest(**request | changes), reporter or SilentReporter())

    return train


@pytest.fixture
def anna(facesets: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """A further identity with a faceset and a consent record of her own."""
    monkeypatch.setenv("ML_BACKEND_HOME", str(tmp_path / "home"))
    assert main(["consent", "new", "anna", "--basis", "test"]) == 0
    folder = Path(shutil.copytree(facesets["identity_B"], tmp_path / "anna"))
    info = folder / "faceset.json"
    info.write_text(json.dumps(json.loads(info.read_text()) | {"identity": "anna", "consent": None}))
    return {"anna": folder}
