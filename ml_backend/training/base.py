"""Base models: what the networks of a new training begin with instead of noise.

A base is one safetensors file with encoder.…, inter.… and decoder.… of a df network, in float16 or float32, and with
what it is in its metadata. The shipped ones were made from people who do not exist; scripts/base_model makes them.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import torch
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from torch import Tensor

from ml_backend.errors import UsageError
from ml_backend.networks.architecture import Architecture
from ml_backend.networks.autoencoder import Autoencoder
from ml_backend.networks.df import DfAutoencoder

FORMAT = "deepfake-base-1"
SHIPPED = "base_*.safetensors"


@dataclass(frozen=True)
class Base:
    """A base model in memory.

    tensors: float32 on the CPU, named by part: encoder.…, inter.…, decoder.…. about: the file's other metadata, such as
    the landmark model and the framing of the faces, its licence, and how it was made. sha256: of the file.
    """

    file: Path
    sha256: str
    architecture: Architecture
    tensors: Mapping[str, Tensor]
    about: Mapping[str, str]


def find_base(wanted: str, architecture: Architecture) -> Base | None:
    """The base that a training of this architecture begins with.

    wanted: "auto" is the shipped one of exactly this architecture, and None where there is none; "none" is None; all
    else is the path of a file. Raises UsageError where that is missing, damaged or of another architecture.
    """
    if wanted == "none":
        return None
    if wanted == "auto":
        return next((_read(file) for file in shipped() if _header(file)[0] == architecture), None)
    base = _read(Path(wanted).expanduser())
    if base.architecture != architecture:
        differing = ", ".join(
            f"{name} {ours} instead of {asked}"
            for (name, ours), (_, asked) in zip(base.architecture, architecture, strict=True)
            if ours != asked
        )
        raise UsageError(
            f"The base model {base.file} has another architecture: {differing}.",
            "Choose the preset that it was made for, or say --set base=auto or --set base=none.",
        )
    return base


def shipped() -> list[Path]:
    """The base models that come with the backend."""
    return sorted(Path(str(files("ml_backend.weights"))).glob(SHIPPED))


def start_from(autoencoder: Autoencoder, base: Base) -> None:
    """Copy the base into a network: encoder, inter, and one decoder to all identities.

    Raises UsageError where the tensors are not those of its architecture.
    """
    if not isinstance(autoencoder, DfAutoencoder):
        raise UsageError(
            f"The base model {base.file} is of the df family, not of {autoencoder.architecture.family}.",
            "Say --set base=none.",
        )
    parts = {name: _part(base.tensors, name) for name in ("encoder", "inter", "decoder")}
    try:
        autoencoder.encoder.load_state_dict(parts["encoder"])
        autoencoder.inter.load_state_dict(parts["inter"])
        for decoder in autoencoder.decoders:
            decoder.load_state_dict(parts["decoder"])
    except RuntimeError as error:
        raise _damaged(base.file, f"its tensors are not those of its architecture: {error}") from error


def _part(tensors: Mapping[str, Tensor], name: str) -> dict[str, Tensor]:
    return {key.removeprefix(f"{name}."): value for key, value in tensors.items() if key.startswith(f"{name}.")}


def _header(file: Path) -> tuple[Architecture, dict[str, str]]:
    """The architecture and the other metadata; reads the beginning of the file only."""
    try:
        with safe_open(file, "pt") as opened:
            about: dict[str, str] = dict(opened.metadata() or {})
    except (OSError, SafetensorError) as error:
        if not file.is_file():
            raise UsageError(
                f"There is no base model {file}.",
                "Give a .safetensors file, or say --set base=auto or --set base=none.",
            ) from error
        raise _damaged(file, str(error)) from error
    if about.pop("format", None) != FORMAT:
        raise UsageError(
            f"{file} is no base model: its metadata has no format={FORMAT}.",
            "Give one that scripts/base_model/train_base.py wrote, or say --set base=auto or --set base=none.",
        )
    try:
        return Architecture.model_validate(json.loads(about.pop("architecture"))), about
    except (KeyError, ValueError) as error:
        reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise _damaged(file, f"its architecture cannot be read: {reason}") from error


def _read(file: Path) -> Base:
    architecture, about = _header(file)
    try:
        with safe_open(file, "pt") as opened:
            tensors = {name: opened.get_tensor(name).to(torch.float32) for name in opened.keys()}  # noqa: SIM118
        with file.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    except (OSError, SafetensorError) as error:
        raise _damaged(file, str(error)) from error
    return Base(file, sha256, architecture, tensors, about)


def _damaged(file: Path, reason: str) -> UsageError:
    return UsageError(
        f"The base model {file} is damaged: {reason}.",
        "Copy or install it again, or say --set base=none to start from noise.",
    )
