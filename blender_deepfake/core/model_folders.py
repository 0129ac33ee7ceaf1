"""Trained models, read from their folders without the backend: what there is, how far it is, its checkpoints."""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

CURVES = "curves.jsonl"
_TAIL = 8192  # bytes of the curves that hold the latest report for certain


@dataclass(frozen=True)
class ModelCheckpoint:
    """`saved` is when it was written, in seconds since 1970."""

    folder: Path
    iteration: int
    minutes: float
    loss: float | None
    identities: tuple[str, ...]
    saved: float

    @property
    def date(self) -> str:
        return datetime.fromtimestamp(self.saved).strftime("%Y-%m-%d %H:%M")


@dataclass(frozen=True)
class TrainingReport:
    """The newest line of a model's curves."""

    iteration: int
    loss: float | None
    minutes: float


@dataclass(frozen=True)
class ModelSummary:
    """`newest` is None for a folder that a training has only begun; `preview` the newest picture of its faces."""

    folder: Path
    newest: ModelCheckpoint | None
    report: TrainingReport | None
    preview: Path | None = None

    @property
    def line(self) -> str:
        """ "12 000 iterations, 2026-11-28 14:02, anna + ben" """
        if self.newest is None:
            return "no checkpoint yet"
        iterations = f"{self.newest.iteration:,}".replace(",", " ")
        return f"{iterations} iterations, {self.newest.date}, {' + '.join(self.newest.identities)}"


def list_models(parent: Path) -> list[ModelSummary]:
    """The trained models in a folder, the one that was written last first; mask models are none."""
    folders = [folder for folder in _children(parent) if (folder / "checkpoints").is_dir()]
    models = [model for folder in folders if (model := summarise(folder)).newest is not None]
    return sorted(models, key=lambda model: (-(model.newest.saved if model.newest else 0.0), model.folder.name))


def summarise(model: Path) -> ModelSummary:
    newest = next((found for folder in reversed(_checkpoint_folders(model)) if (found := _checkpoint(folder))), None)
    return ModelSummary(model, newest, latest_report(model), newest_preview(model))


def list_checkpoints(model: Path) -> list[ModelCheckpoint]:
    """Those that can be gone back to, the newest first."""
    found = [_checkpoint(folder) for folder in reversed(_checkpoint_folders(model))]
    return [checkpoint for checkpoint in found if checkpoint is not None]


def weights_sha256(model: Path) -> str:
    """The hash of the newest weights of a model or a mask model; empty where there are none that can be read."""
    try:
        return hashlib.sha256((_checkpoint_folders(model)[-1] / "ema.safetensors").read_bytes()).hexdigest()
    except (IndexError, OSError):
        return ""


def latest_report(model: Path) -> TrainingReport | None:
    try:
        with (model / CURVES).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
            lines = file.read().splitlines()
    except OSError:
        return None
    for line in reversed(lines):
        try:
            values = json.loads(line)
            loss = values.get("loss")
            return TrainingReport(
                int(values["iteration"]), None if loss is None else float(loss), float(values["seconds"]) / 60
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            continue  # torn by a kill
    return None


def newest_preview(model: Path) -> Path | None:
    pictures = [file for file in _children(model / "previews") if file.suffix == ".png" and file.stem.isdigit()]
    return max(pictures, key=lambda file: int(file.stem), default=None)


def _checkpoint_folders(model: Path) -> list[Path]:
    folders = [folder for folder in _children(model / "checkpoints") if folder.name.isdigit()]
    return sorted(folders, key=lambda folder: int(folder.name))


def _checkpoint(folder: Path) -> ModelCheckpoint | None:
    """None where it is incomplete, damaged or just being thinned out."""
    file = folder / "checkpoint.json"
    try:
        saved = file.stat().st_mtime
        values: dict[str, Any] = json.loads(file.read_bytes())
        loss = values.get("loss")
        return ModelCheckpoint(
            folder,
            int(values["iteration"]),
            float(values["seconds"]) / 60,
            None if loss is None else float(loss),
            tuple(str(name) for name in values["identities"]),
            saved,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _children(folder: Path) -> Iterator[Path]:
    try:
        yield from sorted(folder.iterdir())
    except OSError:
        return
