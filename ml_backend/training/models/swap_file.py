"""The format of an exported model: one safetensors file with all that a swap needs, and nothing that trains."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load, save
from torch import Tensor

from ml_backend import atomic
from ml_backend.errors import BackendError, UsageError

SUFFIX = ".safetensors"
PORTRAITS = "portraits."  # what the names of their tensors begin with
_KEY, _VERSION = "deepfake-sequencer-model", 1  # one key of safetensors' metadata, since it shuffles several
_LARGEST_HEADER = 100_000_000  # what safetensors allows


@dataclass(frozen=True)
class SwapFile:
    """info: a CheckpointInfo's values, as plain JSON, but for those that only training needs.

    checkpoint: the name of the checkpoint it was made of; source_sha256: of that one's ema.safetensors.
    """

    info: dict[str, Any]
    checkpoint: str
    source_sha256: str
    tensors: Mapping[str, Tensor]


def write_swap_file(path: Path, content: SwapFile, dtype: torch.dtype) -> int:
    """Write the file, whole or not at all, with numbers of the type `dtype`; returns its size in bytes.

    The same content gives the same bytes. BackendError where it cannot be written, or a number is too large for
    `dtype`.
    """
    tensors = {
        name: (tensor.to(dtype) if tensor.is_floating_point() else tensor).cpu().contiguous()
        for name, tensor in content.tensors.items()
    }
    for name, tensor in tensors.items():
        if not torch.isfinite(tensor).all():
            raise BackendError(
                f"{name} has numbers that {str(dtype).removeprefix('torch.')} cannot hold.", "Export with --float32."
            )
    description = {
        "version": _VERSION,
        "info": content.info,
        "checkpoint": content.checkpoint,
        "source_sha256": content.source_sha256,
    }
    data = save(tensors, {_KEY: json.dumps(description, sort_keys=True, allow_nan=False)})
    try:
        atomic.write_bytes(path.absolute(), data)
    except OSError as error:
        raise BackendError(f"{path} cannot be written: {error.strerror}.", "Name a file elsewhere.") from error
    return len(data)


def read_swap_file(path: Path) -> tuple[SwapFile, str]:
    """An exported model, its tensors in float32 on the CPU, and the file's SHA-256.

    Raises UsageError for a file of another kind, BackendError where it is damaged.
    """
    try:
        data = path.read_bytes()
        if not 2 < int.from_bytes(data[:8], "little") < _LARGEST_HEADER or data[8:9] != b"{":
            raise _foreign(path)
        tensors = {k: v.float() if v.is_floating_point() else v for k, v in load(data).items()}
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.", "Name a file that can be read.") from error
    except SafetensorError as error:
        raise _damaged(path, str(error)) from error
    if _KEY not in metadata:
        raise _foreign(path)
    try:
        description = json.loads(metadata[_KEY])
        version = description["version"]
        content = SwapFile(description["info"], description["checkpoint"], description["source_sha256"], tensors)
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(path, f"its description is not readable ({error})") from error
    if version != _VERSION:
        raise UsageError(
            f"{path} has the version {version} of the format, which this backend does not know.",
            "Export the model again with this backend, or use the backend that exported it.",
        )
    return content, hashlib.sha256(data).hexdigest()


def _foreign(path: Path) -> UsageError:
    return UsageError(
        f"{path} is no exported model.",
        "Give the folder of a model (ml-backend train --model) or a file that ml-backend model export wrote.",
    )


def _damaged(path: Path, text: str) -> BackendError:
    return BackendError(f"{path} is damaged: {text}.", "Copy or export it again.")
