"""Checkpoints: folders that appear whole, made of safetensors and one JSON that carries the configuration.

MODEL/checkpoints/00001000/weights.safetensors      the autoencoder as it trains
                           ema.safetensors          its running mean, which swaps
                           optimizer.safetensors    the optimizers' moments
                           discriminator.safetensors
                           checkpoint.json
"""

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from ml_backend import atomic
from ml_backend.errors import BackendError, UsageError
from ml_backend.faces.alignment import FACE
from ml_backend.networks.autoencoder import Autoencoder

from .config import TrainingConfig

PARTS = ("weights", "ema", "optimizer", "discriminator")


class CheckpointInfo(BaseModel):
    """The content of checkpoint.json."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    identities: list[str]
    config: TrainingConfig
    precision: str
    iteration: int
    seconds: float
    loss: float | None
    framing: str = FACE.name
    framing_side: float = FACE.side
    landmark_model: str
    references: dict[str, list[float]]
    consent: dict[str, str]


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint in memory: its description and the tensors of each part."""

    info: CheckpointInfo
    parts: Mapping[str, Mapping[str, Tensor]]


def list_checkpoints(model: Path) -> list[Path]:
    """The complete checkpoints of a model folder, oldest first."""
    folders = [p for p in (model / "checkpoints").glob("*") if p.name.isdigit() and (p / "checkpoint.json").is_file()]
    return sorted(folders, key=lambda folder: int(folder.name))


def save_checkpoint(model: Path, checkpoint: Checkpoint, keep: int) -> Path:
    """Write a checkpoint whole, then delete all but the newest `keep`. One that exists is left as it is."""
    folder = model / "checkpoints" / f"{checkpoint.info.iteration:08d}"
    if folder not in list_checkpoints(model):
        shutil.rmtree(folder, ignore_errors=True)  # one that somebody took parts from
        with atomic.new_folder(folder) as part:
            for name, tensors in checkpoint.parts.items():
                save_file({k: v.detach().cpu().contiguous() for k, v in tensors.items()}, part / f"{name}.safetensors")
            text = checkpoint.info.model_dump_json(indent=2)
            (part / "checkpoint.json").write_text(text + "\n", encoding="utf-8")
    for old in list_checkpoints(model)[:-keep]:
        doomed = old.with_name(f".{old.name}.part")  # a kill half way must not leave half a checkpoint under its name
        old.rename(doomed)
        shutil.rmtree(doomed)
    return folder


def read_info(folder: Path) -> CheckpointInfo:
    """The description of a checkpoint; raises BackendError where it is damaged."""
    file = folder / "checkpoint.json"
    try:
        return CheckpointInfo.model_validate_json(file.read_bytes())
    except (OSError, ValidationError) as error:
        raise _damaged(file, error) from error


def load_checkpoint(folder: Path, parts: tuple[str, ...] = PARTS) -> Checkpoint:
    """Read parts of a checkpoint to the CPU; raises BackendError that names the damaged file."""
    info = read_info(folder)
    loaded = {}
    for name in parts:
        file = folder / f"{name}.safetensors"
        if name == "discriminator" and not file.exists():
            continue
        try:
            loaded[name] = load_file(file)
        except (OSError, SafetensorError) as error:
            raise _damaged(file, error) from error
    return Checkpoint(info, loaded)


def _damaged(file: Path, error: Exception) -> BackendError:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        text = f"{place}: {first['msg']}" if place else first["msg"]
    else:
        text = str(error)
    return BackendError(f"{file} is damaged: {text}.", f"Delete {file.parent} to use the checkpoint before it.")


@dataclass(frozen=True)
class SwapModel:
    """What a swap needs of a model: the averaged network, and which one it is."""

    network: Autoencoder
    info: CheckpointInfo
    checkpoint: str
    weights_sha256: str


def load_for_swap(model: Path, device: torch.device) -> SwapModel:
    """The averaged network of a model's newest checkpoint.

    Raises UsageError where the folder holds no model, BackendError that names the damaged file.
    """
    folders = list_checkpoints(model)
    if not folders:
        raise UsageError(f"{model} holds no trained model.", "Train one with ml-backend train --model.")
    checkpoint = load_checkpoint(folders[-1], ("ema",))
    info = checkpoint.info
    network = Autoencoder(info.config.architecture, info.identities)
    file = folders[-1] / "ema.safetensors"
    try:
        network.load_state_dict(checkpoint.parts["ema"])
    except RuntimeError as error:
        raise _damaged(file, error) from error
    with file.open("rb") as weights:
        sha256 = hashlib.file_digest(weights, "sha256").hexdigest()
    return SwapModel(network.eval().to(device), info, folders[-1].name, sha256)
