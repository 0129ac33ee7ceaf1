"""The train-mask job: facesets with some painted masks in, a mask model's checkpoints out."""

import math
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml_backend.errors import BackendError, Cancelled, UsageError
from ml_backend.facesets.store import Faceset
from ml_backend.facesets.use import enter_use
from ml_backend.media.write import write_rgb
from ml_backend.memory import peak_rss_mb
from ml_backend.progress import Reporter
from ml_backend.requests import TrainMaskRequest
from ml_backend.training.budget import Budget, make_budget
from ml_backend.training.device import best_device
from ml_backend.training.models.alone import alone
from ml_backend.training.models.checkpoints import list_checkpoints
from ml_backend.training.state import moments, set_moments

from .checkpoints import MaskCheckpoint, MaskInfo, damaged, load, save
from .faces import MaskFaces, load_mask_faces
from .measure import measure, preview
from .settings import MaskSettings, change_settings
from .trainer import MaskTrainer

DEFAULT_ITERATIONS = 2000
HELD_OUT_FROM = 24  # painted faces: with fewer, each is needed for learning
HELD_OUT_SHARE = 8  # every so-manieth is kept for measuring
REPORT_SECONDS = 0.5


def run_train_mask(request: TrainMaskRequest, reporter: Reporter) -> dict[str, Any]:
    """Train the mask model until it has had `iterations` steps or `minutes` in all; one that has them is left alone.

    A killed training goes on from its newest checkpoint; on the CPU, and with a budget of iterations, it ends with the
    same weights, bit for bit, as one that was not disturbed. Masks painted in between are learned from then on. Raises
    UsageError for facesets without a painted mask or a wrong setting, BackendError for damaged files or where another
    training fills the folder, Cancelled (after a checkpoint) when asked to stop, ConsentRefused where somebody whose
    faces they are has withdrawn.
    """
    started = time.monotonic()
    device = best_device()
    before = list_checkpoints(request.model)
    previous = load(before[-1]) if before else None
    if previous is not None and previous.info.size != request.size:
        raise UsageError(
            f"The mask model {request.model} works on {previous.info.size} pixels, not on {request.size}.",
            f"Say --size {previous.info.size}, or train into a new folder.",
        )
    settings = change_settings(previous.info.settings if previous else MaskSettings(), request.settings)
    budget = make_budget(request.iterations, request.minutes, DEFAULT_ITERATIONS)
    facesets = [Faceset.open(folder) for folder in request.facesets]
    for faceset in facesets:
        enter_use(faceset, "train mask")
    painted, unpainted = load_mask_faces(facesets, request.size)
    if not len(painted) and (settings.unpainted == "unknown" or not len(unpainted)):
        raise UsageError(
            f"None of the faces in {', '.join(str(folder) for folder in request.facesets)} has a painted mask.",
            "Paint some and take them in with ml-backend faceset import-masks; where nothing covers any of the faces, "
            "say --set unpainted=seen.",
        )
    held_out = _held_out(painted, previous.info.held_out if previous else None)
    measured, learned = painted.part(held_out), painted.part(~held_out)
    trainer = MaskTrainer(settings, request.size, learned, unpainted, device)
    if previous is not None:
        _restore(trainer, previous, before[-1])
    with alone(request.model, before):
        run = _Run(request.model, trainer, measured, previous.info if previous else None)
        result = run.until(budget, reporter)
    return result | {
        "painted": len(painted),
        "unpainted": len(unpainted),
        "held_out": len(measured),
        "seconds": round(time.monotonic() - started, 3),
        "peak_rss_mb": round(peak_rss_mb(), 1),
    }


def _held_out(painted: MaskFaces, known: list[str] | None) -> NDArray[np.bool_]:
    """N: which painted faces are kept for measuring; those of a model that exists stay the same."""
    if known is not None:
        return np.array([name in set(known) for name in painted.names], np.bool_)
    if len(painted) < HELD_OUT_FROM:
        return np.zeros(len(painted), np.bool_)
    return np.asarray(np.arange(len(painted)) % HELD_OUT_SHARE == HELD_OUT_SHARE // 2)


def _restore(trainer: MaskTrainer, checkpoint: MaskCheckpoint, origin: Path) -> None:
    try:
        trainer.network.load_state_dict(checkpoint.parts["weights"])
        trainer.ema.load_state_dict(checkpoint.parts["ema"])
        set_moments(trainer.optimizer, trainer.network, "unet", checkpoint.parts["optimizer"])
    except RuntimeError as error:
        raise damaged(origin / "weights.safetensors", error) from error


class _Run:
    """One run of the training loop, from where the model is."""

    def __init__(self, model: Path, trainer: MaskTrainer, measured: MaskFaces, before: MaskInfo | None) -> None:
        self._model = model
        self._trainer = trainer
        self._measured = measured
        self._iteration = before.iteration if before else 0
        self._seconds_before = before.seconds if before else 0.0
        self._loss = before.loss if before else None
        self._started = time.monotonic()

    def until(self, budget: Budget, reporter: Reporter) -> dict[str, Any]:
        """Step until the budget is spent; previews and checkpoints on the way, and a checkpoint at the end."""
        trainer = self._trainer
        settings, first = trainer.settings, self._iteration
        reported = previewed = saved = self._started
        while (spent := budget.spent(self._iteration, self._seconds())) < 1:
            loss = trainer.step(self._iteration, spent)
            if not math.isfinite(loss):
                raise BackendError(
                    f"The loss is not a number any more at iteration {self._iteration}.",
                    "Run the same command with a lower --set learning_rate=…; it goes on from the last checkpoint.",
                )
            self._iteration += 1
            self._loss = loss if self._loss is None else self._loss + 0.02 * (loss - self._loss)
            now = time.monotonic()
            if now - reported > REPORT_SECONDS:
                reporter.progress("train mask", spent, 1, {"iteration": float(self._iteration), "loss": self._loss})
                reported = now
            if now - previewed > settings.preview_minutes * 60:
                reporter.preview(self._write_preview())
                previewed = time.monotonic()
            if now - saved > settings.checkpoint_minutes * 60:
                self._save()
                saved = time.monotonic()
            if reporter.stop_requested():
                self._save()
                raise Cancelled
        if self._iteration > first:
            self._save()
            reporter.preview(self._write_preview())
        figures = measure(trainer.ema, self._measured, trainer.size, trainer.device) if len(self._measured) else {}
        reporter.progress(
            "train mask", 1, 1, {"iteration": float(self._iteration), "loss": self._loss or 0.0} | figures
        )
        return {
            "iterations": self._iteration,
            "loss": self._loss,
            **figures,
            "model": str(self._model),
            "device": str(trainer.device),
        }

    def _seconds(self) -> float:
        return self._seconds_before + time.monotonic() - self._started

    def _save(self) -> None:
        trainer = self._trainer
        info = MaskInfo(
            size=trainer.size,
            settings=trainer.settings,
            iteration=self._iteration,
            seconds=self._seconds(),
            loss=self._loss,
            held_out=list(self._measured.names),
        )
        parts = {
            "weights": dict(trainer.network.state_dict()),
            "ema": dict(trainer.ema.state_dict()),
            "optimizer": moments(trainer.optimizer, trainer.network, "unet"),
        }
        save(self._model, MaskCheckpoint(info, parts), trainer.settings.keep_checkpoints)

    def _write_preview(self) -> Path:
        """Held-out faces where there are some, else painted ones, else any."""
        trainer = self._trainer
        shown = next(faces for faces in (self._measured, trainer.painted, trainer.unpainted) if len(faces))
        path = self._model / "previews" / f"{self._iteration:08d}.png"
        write_rgb(path, preview(trainer.ema, shown, trainer.size, trainer.device))
        return path
