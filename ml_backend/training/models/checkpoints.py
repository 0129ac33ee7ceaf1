"""Checkpoints: folders that appear whole, made of safetensors and one JSON that carries the configuration.

MODEL/checkpoints/00001000/weights.safetensors      the autoencoder as it trains
                           ema.safetensors          its running mean, which swaps
                           optimizer.safetensors    the optimizers' moments
                           discriminator.safetensors
                           checkpoint.json
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from ml_backend import atomic
from ml_backend.errors import BackendError, UsageError
from ml_backend.faces.alignment import FACE
from ml_backend.networks.autoencoder import Autoencoder
from ml_backend.networks.families import build_autoencoder
from ml_backend.training.config import TrainingConfig
from ml_backend.training.device import placed
from ml_backend.training.optimizers.rates import Plateau
from ml_backend.training.weights_file import write_tensors

from .swap_file import PORTRAITS, read_swap_file
from .thinning import doomed

VERSION: Literal[2] = 2
OPPONENTS = ("discriminator", "code_discriminator")
PARTS = ("weights", "ema", "optimizer", *OPPONENTS)


class CheckpointInfo(BaseModel):
    """The content of checkpoint.json."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[2] = VERSION
    identities: list[str]
    config: TrainingConfig
    precision: str
    iteration: int
    seconds: float
    loss: float | None
    learning: list[str] = Field(description="The identities that learned last")
    since: tuple[int, float] = Field(default=(0, 0.0), description="Iteration and seconds from which a budget counts")
    side: float = Field(description="The side that the networks work at, in pixels")
    phase: int = Field(default=0, description="The number of the recipe's phase, from 0")
    plateau: Plateau = Plateau()
    measured: str | None = Field(default=None, description="SHA-256 of the held-out faces that are looked at")
    calmed: int = Field(default=0, description="How often the training stepped back, and its rate was halved")
    base: str | None = Field(default=None, description="SHA-256 of the base model that it began from")
    framing: str = FACE.name
    framing_side: float = FACE.side
    landmark_model: str
    references: dict[str, list[float]]
    middles: dict[str, tuple[float, float]] = Field(
        default={}, description="Where each person's features are in the crop, see faces.expression.usual_middle"
    )
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


def save_checkpoint(model: Path, checkpoint: Checkpoint, keep: int, history: bool = False, anew: bool = False) -> Path:
    """Write a checkpoint whole, then delete all but the newest `keep`. One that exists is left as it is, unless `anew`.

    With `history` some older ones stay, the older the fewer (see `thinning`), to look at or to roll back to. Each is
    whole and takes as much disk as the newest: about four times the network's weights with AdamW, so that a training
    that has long gone on takes `keep` + 8 times that.
    """
    folder = model / "checkpoints" / f"{checkpoint.info.iteration:08d}"
    if anew or folder not in list_checkpoints(model):
        with atomic.new_folder(folder, replace=True) as part:
            for name, tensors in checkpoint.parts.items():
                write_tensors(part / f"{name}.safetensors", tensors)
            text = checkpoint.info.model_dump_json(indent=2)
            (part / "checkpoint.json").write_text(text + "\n", encoding="utf-8")
    folders = {int(old.name): old for old in list_checkpoints(model)}
    for iteration in doomed(folders, keep, history):
        atomic.remove_folder(folders[iteration])  # a kill must not leave half a checkpoint under its name
    return folder


def read_info(folder: Path) -> CheckpointInfo:
    """The description of a checkpoint; raises BackendError where it is damaged, or of another version."""
    file = folder / "checkpoint.json"
    try:
        text = file.read_bytes()
        return CheckpointInfo.model_validate_json(text)
    except ValidationError as error:
        if (version := _version(text)) not in (None, VERSION):
            raise BackendError(
                f"{file} is of version {version}, and this backend reads version {VERSION}.",
                "Train into a new model folder, or use the backend that made it.",
            ) from error
        raise _damaged(file, error) from error
    except OSError as error:
        raise _damaged(file, error) from error


def _version(text: bytes) -> int | None:
    try:
        values = json.loads(text)
    except ValueError:
        return None
    version = values.get("version") if isinstance(values, dict) else None
    return version if isinstance(version, int) else None


def load_checkpoint(folder: Path, parts: tuple[str, ...] = PARTS) -> Checkpoint:
    """Read parts of a checkpoint to the CPU; raises BackendError that names the damaged file."""
    info = read_info(folder)
    loaded = {}
    for name in parts:
        file = folder / f"{name}.safetensors"
        if name in OPPONENTS and not file.exists():
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
    part_of_checkpoint = file.parent.parent.name == "checkpoints"
    fix = f"Delete {file.parent} to use the checkpoint before it." if part_of_checkpoint else "Copy or export it again."
    return BackendError(f"{file} is damaged: {text}.", fix)


@dataclass(frozen=True)
class SwapModel:
    """What a swap needs of a model: the averaged network, and which one it is."""

    network: Autoencoder
    info: CheckpointInfo
    checkpoint: str
    weights_sha256: str


def load_for_swap(model: Path, device: torch.device) -> SwapModel:
    """The averaged network of a model's newest checkpoint, or of an exported model's file.

    Raises UsageError where the folder holds no model or the file is none, BackendError that names the damaged file.
    """
    if model.is_file():
        content, sha256 = read_swap_file(model)
        info = _exported_info(model, content.info)
        tensors = {name: tensor for name, tensor in content.tensors.items() if not name.startswith(PORTRAITS)}
        return SwapModel(placed(_network(model, info, tensors), device), info, content.checkpoint, sha256)
    folders = list_checkpoints(model)
    if not folders:
        raise UsageError(f"{model} holds no trained model.", "Train one with ml-backend train --model.")
    checkpoint = load_checkpoint(folders[-1], ("ema",))
    file = folders[-1] / "ema.safetensors"
    with file.open("rb") as weights:
        sha256 = hashlib.file_digest(weights, "sha256").hexdigest()
    network = placed(_network(file, checkpoint.info, checkpoint.parts["ema"]), device)
    return SwapModel(network, checkpoint.info, folders[-1].name, sha256)


def _exported_info(file: Path, values: Mapping[str, Any]) -> CheckpointInfo:
    """The description in an exported model's file; what only training needs is as in no training at all."""
    absent = {"precision": "float32", "seconds": 0.0, "loss": None, "learning": values.get("identities", [])}
    try:
        return CheckpointInfo.model_validate(absent | dict(values))
    except ValidationError as error:
        raise _damaged(file, error) from error


def _network(file: Path, info: CheckpointInfo, tensors: Mapping[str, Tensor]) -> Autoencoder:
    try:
        network = build_autoencoder(info.config.architecture, info.identities)
        network.grow(info.side)
        network.load_state_dict(tensors)
    except (RuntimeError, ValueError) as error:
        raise _damaged(file, error) from error
    return network.eval()
