"""Checkpoints of a mask model: folders that appear whole.

MODEL/checkpoints/00000200/weights.safetensors     the network as it trains
                           ema.safetensors         its running mean, which predicts
                           optimizer.safetensors   the optimizer's moments
                           checkpoint.json
"""

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from ml_backend import atomic
from ml_backend.errors import BackendError, UsageError
from ml_backend.training.models.checkpoints import list_checkpoints
from ml_backend.training.weights_file import write_tensors

from .faces import VIEW
from .settings import MaskSettings

PARTS = ("weights", "ema", "optimizer")


class MaskInfo(BaseModel):
    """The content of checkpoint.json. held_out: the painted faces (FACESET/NAME) kept for measuring."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["mask"] = "mask"
    version: Literal[1] = 1
    size: int
    settings: MaskSettings
    iteration: int
    seconds: float
    loss: float | None
    framing: str = VIEW.name
    framing_side: float = VIEW.side
    framing_down: float = VIEW.down
    held_out: list[str]


@dataclass(frozen=True)
class MaskCheckpoint:
    """A checkpoint in memory: its description and the tensors of each part."""

    info: MaskInfo
    parts: Mapping[str, Mapping[str, Tensor]]


def save(model: Path, checkpoint: MaskCheckpoint, keep: int) -> None:
    """Write a checkpoint whole, then delete all but the newest `keep`. One that exists is left as it is."""
    folder = model / "checkpoints" / f"{checkpoint.info.iteration:08d}"
    if folder not in list_checkpoints(model):
        shutil.rmtree(folder, ignore_errors=True)  # one that somebody took parts from
        with atomic.new_folder(folder) as part:
            for name, tensors in checkpoint.parts.items():
                write_tensors(part / f"{name}.safetensors", tensors)
            (part / "checkpoint.json").write_text(checkpoint.info.model_dump_json(indent=2) + "\n", encoding="utf-8")
    for old in list_checkpoints(model)[:-keep]:
        doomed = old.with_name(f".{old.name}.part")  # a kill half way must not leave half a checkpoint under its name
        old.rename(doomed)
        shutil.rmtree(doomed)


def load(folder: Path, parts: tuple[str, ...] = PARTS) -> MaskCheckpoint:
    """Read parts of a checkpoint to the CPU.

    Raises UsageError for a checkpoint of another kind of model, BackendError that names the damaged file.
    """
    file = folder / "checkpoint.json"
    try:
        info = MaskInfo.model_validate_json(file.read_bytes())
    except (OSError, ValidationError) as error:
        if b'"identities"' in _bytes(file):
            raise UsageError(
                f"{folder.parent.parent} is a model of faces, not of masks.", "Name a folder of ml-backend train-mask."
            ) from error
        raise damaged(file, error) from error
    return MaskCheckpoint(info, {name: _tensors(folder / f"{name}.safetensors") for name in parts})


def _tensors(file: Path) -> dict[str, Tensor]:
    try:
        return load_file(file)
    except (OSError, SafetensorError) as error:
        raise damaged(file, error) from error


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def damaged(file: Path, error: Exception) -> BackendError:
    """What to raise where a file of a checkpoint is not what was written."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        text = f"{'.'.join(str(part) for part in first['loc']) or file.name}: {first['msg']}"
    else:
        text = " ".join(str(error).split())
    return BackendError(f"{file} is damaged: {text}.", f"Delete {file.parent} to use the checkpoint before it.")


def sha256(file: Path) -> str:
    """The hash of a file's content; raises BackendError where it cannot be read."""
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise damaged(file, error) from error
