"""The train job: facesets in, a model's checkpoints out."""

import math
import time
from pathlib import Path
from typing import Any

import torch

from ml_backend import atomic
from ml_backend.errors import BackendError, Cancelled, UsageError
from ml_backend.faces.alignment import FACE
from ml_backend.facesets.store import Faceset
from ml_backend.media.write import write_rgb
from ml_backend.memory import peak_rss_mb
from ml_backend.progress import Reporter
from ml_backend.provenance.consent import require_consent
from ml_backend.requests import TrainRequest

from .budget import Budget, make_budget
from .checkpoints import Checkpoint, CheckpointInfo, list_checkpoints, load_checkpoint, save_checkpoint
from .config import DEFAULT_PRESET_CPU, DEFAULT_PRESET_GPU, TrainingConfig, change_config, make_config
from .data import load_faces
from .device import best_device, resolve_precision
from .preview import preview_grid
from .state import collect, restore
from .trainer import Trainer, build_networks

DEFAULT_ITERATIONS = 100_000
REPORT_SECONDS = 0.5


def run_train(request: TrainRequest, reporter: Reporter) -> dict[str, Any]:
    """Train the model until it has had `iterations` steps or `minutes` in all; a model that has them is left alone.

    A killed training goes on from its newest checkpoint; on the CPU, and with a budget of iterations, it ends with
    the same weights, bit for bit, as one that was not disturbed. Raises RefusedError where an identity has no consent,
    UsageError for a wrong setting or faceset, Cancelled (after a checkpoint) when asked to stop.
    """
    started = time.monotonic()
    consent = {name: require_consent(name, "train", request.consent).sha256() for name in sorted(request.facesets)}
    device = best_device()
    for folder in ("checkpoints", "previews"):
        atomic.remove_leftovers(request.model / folder)
    before = list_checkpoints(request.model)
    previous = load_checkpoint(before[-1]) if before else None
    config = _config(request, previous, device)
    budget = make_budget(request.iterations, request.minutes, DEFAULT_ITERATIONS)
    facesets = _facesets(request, previous)
    faces = {
        name: load_faces(faceset, config.architecture.resolution, FACE.side, device)
        for name, faceset in facesets.items()
    }
    networks = build_networks(config, list(faces), device)
    trainer = Trainer(config, networks, faces, device, resolve_precision(config.precision, device))
    if previous is not None:
        restore(trainer, previous.parts, before[-1])
    _make_folder(request.model / "checkpoints")
    landmarks = next(iter(facesets.values())).info.landmark_model
    run = _Run(request.model, trainer, consent, landmarks, previous.info if previous else None)
    result = run.until(budget, reporter)
    return result | {"seconds": round(time.monotonic() - started, 3), "peak_rss_mb": round(peak_rss_mb(), 1)}


def _config(request: TrainRequest, previous: Checkpoint | None, device: torch.device) -> TrainingConfig:
    """The preset with its settings; a model that exists keeps its own, with the settings given now."""
    if previous is None:
        default = DEFAULT_PRESET_CPU if device.type == "cpu" else DEFAULT_PRESET_GPU
        return make_config(request.preset or default, request.settings)
    config = change_config(previous.info.config, request.settings)
    asked = make_config(request.preset, request.settings).architecture if request.preset else config.architecture
    if asked != previous.info.config.architecture or config.architecture != asked:
        raise UsageError(
            f"The model {request.model} has another architecture than asked for.", "Train into a new model folder."
        )
    return config


def _facesets(request: TrainRequest, previous: Checkpoint | None) -> dict[str, Faceset]:
    """The faceset of each identity, in the model's order; UsageError where they are not those of its identities."""
    identities = list(request.facesets) if previous is None else previous.info.identities
    if set(identities) != set(request.facesets):
        raise UsageError(
            f"The model {request.model} knows {', '.join(identities)}, and facesets are given for "
            f"{', '.join(request.facesets)}.",
            "Give a faceset for each identity of the model, or train into a new folder.",
        )
    facesets = {name: Faceset.open(request.facesets[name]) for name in identities}
    for name, faceset in facesets.items():
        if faceset.info.identity not in (None, name):
            raise UsageError(
                f"The faceset {faceset.folder} holds the faces of {faceset.info.identity}, not of {name}.",
                f"Say --faceset {faceset.info.identity}={faceset.folder}, or extract {name} into another folder.",
            )
        wanted = previous.info.landmark_model if previous else next(iter(facesets.values())).info.landmark_model
        if faceset.info.landmark_model != wanted:
            raise UsageError(
                f"The faceset {faceset.folder} has landmarks of the model {faceset.info.landmark_model}, others "
                f"are of {wanted}: the same points lie elsewhere on the face.",
                "Extract all facesets of a model with the same landmarks.",
            )
    return facesets


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be made: {error.strerror}.", "Choose a model folder that can be written."
        ) from error


class _Run:
    """One run of the training loop, from where the model is."""

    def __init__(
        self,
        model: Path,
        trainer: Trainer,
        consent: dict[str, str],
        landmarks: str,
        before: CheckpointInfo | None,
    ) -> None:
        self._model = model
        self._trainer = trainer
        self._consent = consent
        self._landmarks = landmarks
        self._iteration = before.iteration if before else 0
        self._seconds_before = before.seconds if before else 0.0
        self._loss = before.loss if before else None
        self._started = time.monotonic()

    def until(self, budget: Budget, reporter: Reporter) -> dict[str, Any]:
        """Step until the budget is spent; previews and checkpoints on the way, and a checkpoint at the end."""
        config = self._trainer.config
        first = self._iteration
        reported = previewed = saved = self._started
        while (spent := budget.spent(self._iteration, self._seconds())) < 1:
            loss = self._trainer.step(self._iteration, spent)
            if not math.isfinite(loss):
                raise BackendError(
                    f"The loss is not a number any more at iteration {self._iteration}.",
                    "Run the same command with a lower --set learning_rate=…; it goes on from the last checkpoint.",
                )
            self._iteration += 1
            self._loss = loss if self._loss is None else self._loss + 0.02 * (loss - self._loss)
            now = time.monotonic()
            if now - reported > REPORT_SECONDS:
                rate = (self._iteration - first) * self._images_per_step() / (now - self._started)
                figures = {"iteration": float(self._iteration), "loss": self._loss, "images_per_second": rate}
                reporter.progress("train", spent, 1, figures)
                reported = now
            if now - previewed > config.preview_minutes * 60:
                reporter.preview(self._write_preview())
                previewed = time.monotonic()
            if now - saved > config.checkpoint_minutes * 60:
                self._save()
                saved = time.monotonic()
            if reporter.stop_requested():
                self._save()
                raise Cancelled
        seconds = time.monotonic() - self._started
        images = (self._iteration - first) * self._images_per_step()
        if images:
            self._save()
            reporter.preview(self._write_preview())
        reporter.progress("train", 1, 1, {"iteration": float(self._iteration), "loss": self._loss or 0.0})
        return {
            "iterations": self._iteration,
            "images": images,
            "images_per_second": round(images / seconds, 2) if images else 0.0,
            "loss": self._loss,
            "model": str(self._model),
            "device": str(self._trainer.device),
            "precision": str(self._trainer.precision).removeprefix("torch."),
        }

    def _images_per_step(self) -> int:
        return self._trainer.config.batch_size * len(self._trainer.faces)

    def _seconds(self) -> float:
        return self._seconds_before + time.monotonic() - self._started

    def _save(self) -> None:
        trainer = self._trainer
        info = CheckpointInfo(
            identities=list(trainer.faces),
            config=trainer.config,
            precision=str(trainer.precision).removeprefix("torch."),
            iteration=self._iteration,
            seconds=self._seconds(),
            loss=self._loss,
            landmark_model=self._landmarks,
            references={name: faces.embedding.tolist() for name, faces in trainer.faces.items()},
            consent=self._consent,
        )
        save_checkpoint(self._model, Checkpoint(info, collect(trainer)), trainer.config.keep_checkpoints)

    def _write_preview(self) -> Path:
        path = self._model / "previews" / f"{self._iteration:08d}.png"
        write_rgb(path, preview_grid(self._trainer.networks.ema, self._trainer.faces, self._trainer.device))
        return path
