"""One run of the training loop, from where the model is to the end of its budget."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import torch

from ml_backend.errors import BackendError, Cancelled
from ml_backend.media.write import write_rgb
from ml_backend.progress import Reporter
from ml_backend.provenance import audit
from ml_backend.provenance.gate import Granted, Purpose, require_still, who_may

from .best import BEST, forget_best, keep_best, read_best
from .budget import Budget
from .course import Course, without_opponents
from .curves.curves import Curves
from .data import TrainingFaces
from .held_out import held_out_loss, key_of_measured
from .models.checkpoints import (
    Checkpoint,
    CheckpointInfo,
    list_checkpoints,
    load_checkpoint,
    read_info,
    save_checkpoint,
)
from .models.history import rollback
from .optimizers.rates import Plateau
from .parallel.world import agreed, wait
from .preview import preview_grid
from .recipe import turns
from .state import carried_over, collect, first_parts, restore
from .threads import watched_threads
from .trainer import Trainer

REPORT_SECONDS = 0.5
STEPS_BACK = 3  # how often a training may come to nothing before a person must look
LOSS_MEMORY = 0.02
LATEST = "latest.png"  # of the previews, for a viewer that looks at one file


@dataclass(frozen=True)
class Origin:
    """landmarks: the landmark model. base: the SHA-256 of the base model. granted: the records of those who learn, for
    `purpose`. joined: whether identities join the model now, so that the budget counts from here.
    """

    landmarks: str
    base: str | None
    granted: Granted
    purpose: Purpose
    joined: bool


class Run:
    """Steps, and what happens between them: losses read, held-out faces looked at, pictures and checkpoints written."""

    def __init__(
        self,
        model: Path,
        trainer: Trainer,
        held_out: Mapping[str, TrainingFaces],
        origin: Origin,
        before: CheckpointInfo | None,
    ) -> None:
        self._model, self._trainer, self._held_out = model, trainer, held_out
        self._before, self._world = before, trainer.world
        self._origin = origin
        self._iteration = before.iteration if before else 0
        self._loss = before.loss if before else None
        self._measured = key_of_measured(held_out)
        self._plateau = self._plateau_at(before) if before else Plateau()
        asked = before is not None and before.config.learning_rate != trainer.config.learning_rate
        self._calmed = before.calmed if before and not origin.joined and not asked else 0
        self._since = (0, 0.0)
        if before is not None:
            self._since = (before.iteration, before.seconds) if origin.joined else before.since
        self._seconds_before = before.seconds if before else 0.0
        self._back_at: Path | None = None  # the checkpoint that a failure led back to
        self._unread: list[tuple[tuple[int, float], torch.Tensor]] = []  # stage; the loss, and it without opponents
        self._course = Course()
        self._courses: dict[int, Course] = {}  # at the checkpoints of this run, by their iterations
        self._checked: float | None = None
        self._shown: Mapping[str, str] = {}  # the records of those besides the learning ones whom a preview has painted
        self._curves: Curves | None = None
        self._started = time.monotonic()
        self._stepping = 0.0  # seconds in steps alone: pictures and checkpoints in between would look like slow steps
        watch = trainer.config.watch_threads
        self._threads = watched_threads(trainer.device, self._world.size, self._stepping) if watch else None
        if before is not None:
            trainer.grow(before.side)
            trainer.grown = before.side
            if before.config.recipe == trainer.config.recipe and not origin.joined:
                trainer.phase = before.phase
        self._set_rates()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._trainer.batches.close()
        if self._threads is not None:
            self._threads.close()
        if self._curves is not None:
            self._curves.close()

    def until(self, budget: Budget, reporter: Reporter) -> dict[str, Any]:
        """Step until the budget is spent, or nothing is gained any more; a checkpoint at the end.

        Where a phase gains nothing any more, what comes after it in the recipe begins: the next phase, the cool-down.
        """
        config = self._trainer.config
        reported = previewed = saved = self._started
        steps = told = 0
        while True:
            spent = self._spent(budget)
            if spent >= 1 or self._exhausted():
                if self._ends(budget, spent, reporter):
                    break
                continue
            if self._curves is None and self._world.leads:  # only now: a model that has had its budget is left alone
                self._curves = Curves(self._model, self._iteration)
            began = time.monotonic()
            self._step(spent)
            steps += 1
            now = time.monotonic()
            self._stepping += now - began
            self._watch_threads(reporter)
            stop, preview, save, report = self._agree(
                reporter.stop_requested(),
                now - previewed > config.preview_minutes * 60,
                now - saved > config.checkpoint_minutes * 60,
                now - reported > REPORT_SECONDS,
            )
            look = bool(self._held_out) and self._iteration % config.check_every == 0
            # only now and then: reading a loss makes a GPU wait
            if (stop or preview or save or report or look) and (wrong := self._read()):
                self._step_back(wrong, reporter)
                continue
            if look:
                self._look()
            if preview:
                self._preview(reporter)
                previewed = time.monotonic()
            if save:
                self._save()
                saved = time.monotonic()
            if report:
                self._report(reporter, spent, steps)
                reported, told = now, self._iteration
            if stop:
                self._save()
                raise Cancelled
        seconds = time.monotonic() - self._started
        if steps and told != self._iteration:
            self._report(reporter, 1.0, steps)
        self._close(steps, budget, reporter)
        return self._result(steps, seconds, reporter)

    def _step(self, spent: float) -> None:
        trainer = self._trainer
        loss = trainer.step(self._iteration, spent)
        losses = torch.stack([loss, without_opponents(trainer.parts, trainer.config.loss)])
        self._unread.append(((trainer.phase, trainer.side), losses))
        self._iteration += 1

    def _close(self, steps: int, budget: Budget, reporter: Reporter) -> None:
        # without a step there is an end to be made only where one was killed before the best weights were in place
        if steps or (self._exhausted() and (self._model / BEST).exists()):
            self._finish(reporter)
        elif not self._exhausted():
            reporter.message(
                f"The model has been trained for as long as was asked: {self._iteration} iterations, "
                f"{self._seconds_before / 60:.3g} minutes. A larger --iterations or --minutes trains on."
            )
        elif self._spent(budget) < 1:
            reporter.message(
                f"Nothing was gained at the last {self._plateau.stale} looks, so this training has ended at iteration "
                f"{self._iteration}: --set patience=0, or a larger one, trains on."
            )

    def _watch_threads(self, reporter: Reporter) -> None:
        if self._threads is not None and self._threads.stepped(self._stepping):
            reporter.message(f"Training goes on with {self._threads.count} of the threads, which is faster now.")

    def _result(self, steps: int, seconds: float, reporter: Reporter) -> dict[str, Any]:
        reporter.progress("train", 1, 1, {"iteration": float(self._iteration), "loss": self._loss or 0.0})
        images = steps * self._images_per_step()
        return {
            "iterations": self._iteration,
            "images": images,
            "images_per_second": round(images / seconds, 2) if images else 0.0,
            "loss": self._loss,
            "held_out_loss": self._plateau.best if self._plateau.looks else None,
            "stopped_early": self._exhausted(),
            "model": str(self._model),
            "device": str(self._trainer.device),
            "devices": self._world.size,
            "precision": str(self._trainer.precision).removeprefix("torch."),
        }

    def _images_per_step(self) -> int:
        return self._trainer.config.batch_size * len(self._trainer.faces)

    def _spent(self, budget: Budget) -> float:
        iteration, seconds = self._since
        return agreed(budget.spent(self._iteration - iteration, self._seconds() - seconds), self._world)

    def _agree(self, *wishes: bool) -> list[bool]:
        """The leading process's wishes, for all."""
        bits = agreed(float(sum(wish << place for place, wish in enumerate(wishes))), self._world)
        return [bool(int(bits) >> place & 1) for place in range(len(wishes))]

    def _exhausted(self) -> bool:
        patience = self._trainer.config.patience
        return 0 < patience <= self._plateau.stale

    def _ends(self, budget: Budget, spent: float, reporter: Reporter) -> bool:
        """Whether the training is at its end; otherwise it goes on elsewhere."""
        if wrong := self._read():
            self._step_back(wrong, reporter)
            return False
        return spent >= 1 or not self._turn(budget, spent, reporter)

    def _turn(self, budget: Budget, spent: float, reporter: Reporter) -> bool:
        """Go on where the training next begins to go otherwise; False where nothing comes any more."""
        config = self._trainer.config
        falls = config.cool_down if config.schedule == "cosine" else 0.0
        # a turn that is reached exactly still lies ahead: no step has been made beyond it
        later = [part for part in turns(config.recipe, falls) if part >= spent]
        if not later:
            return False
        self._since = budget.start_of(later[0], self._iteration, self._seconds())
        self._plateau = Plateau(looks=self._plateau.looks)
        self._set_rates()
        reporter.message(
            f"{config.patience} looks without gain at iteration {self._iteration}: on with what the recipe has from "
            f"{later[0]:.0%} of the budget."
        )
        return True

    def _finish(self, reporter: Reporter) -> None:
        """The last checkpoint: where nothing was gained any more, with the averaged weights that were the best."""
        best = read_best(self._model, self._plateau.at) if self._exhausted() else None
        if best is not None:
            self._trainer.networks.ema.load_state_dict(best)
            reporter.message(f"What swaps is the network of iteration {self._plateau.at}, the best on held-out faces.")
        self._save(anew=best is not None)
        if self._exhausted() and self._world.leads:
            forget_best(self._model)
        self._preview(reporter)

    def _seconds(self) -> float:
        return self._seconds_before + time.monotonic() - self._started

    def _read(self) -> str:
        """Take in the losses of the last steps; returns what is wrong with them, nothing where they are as they should.

        Afterwards the state may be kept, or it must be stepped back from.
        """
        if not self._unread:
            return ""
        stages = [stage for stage, _ in self._unread]
        values = torch.stack([losses for _, losses in self._unread]).tolist()
        self._unread.clear()
        if not all(math.isfinite(value) for value, _ in values):
            return "is not a number any more"
        for stage, (value, rebuilding) in zip(stages, values, strict=True):
            self._loss = value if self._loss is None else self._loss + LOSS_MEMORY * (value - self._loss)
            self._course = self._course.after(rebuilding, stage)
            if self._course.runs_away:
                return "runs away"
        return ""

    def _step_back(self, wrong: str, reporter: Reporter) -> None:
        """Go on with half the learning rate from the newest checkpoint, or from where a new model began.

        wrong: what the loss does, for people.
        """
        trainer, lost = self._trainer, self._iteration
        folder = self._way_back(reporter) if self._calmed < STEPS_BACK else None
        if folder is None and (self._before is not None or self._calmed >= STEPS_BACK):
            raise self._failed(wrong)
        if folder is None:
            info = None
            restore(trainer, first_parts(trainer), self._model)
        else:
            checkpoint = load_checkpoint(folder)
            info = checkpoint.info
            restore(trainer, carried_over(checkpoint, trainer.config, len(info.identities)), folder)
        wait(self._world)
        self._calmed += 1
        self._iteration, self._loss = (info.iteration, info.loss) if info else (0, None)
        self._plateau, self._since = (self._plateau_at(info), info.since) if info else (Plateau(), (0, 0.0))
        trainer.phase = info.phase if info else 0
        self._course = self._courses.get(self._iteration, Course())
        self._set_rates()
        if self._curves is not None:
            self._curves.rewind(self._iteration)
        reporter.message(
            f"The loss {wrong} at iteration {lost}: back to {self._iteration}, with half the learning rate from "
            "here on."
        )

    def _way_back(self, reporter: Reporter) -> Path | None:
        """The newest checkpoint, or the one before where that has failed already; None where there is none."""
        folders = self._checkpoints()
        wait(self._world)  # all have looked
        if len(folders) > 1 and folders[-1] == self._back_at:
            bad = folders.pop()
            if self._world.leads:
                (place,) = rollback(self._model, int(folders[-1].name))
                reporter.message(f"The training fails from iteration {int(bad.name)} on, which is set aside: {place}.")
        self._back_at = folders[-1] if folders else None
        return self._back_at

    def _checkpoints(self) -> list[Path]:
        """Those of the model as it is: the ones of before newcomers joined are none of these networks."""
        known = list(self._trainer.networks.autoencoder.identities)
        return [folder for folder in list_checkpoints(self._model) if read_info(folder).identities == known]

    def _failed(self, wrong: str) -> BackendError:
        folders = self._checkpoints()
        then = "goes on from the last checkpoint" if list_checkpoints(self._model) else "begins anew"
        fix = f"Run the same command with a lower --set learning_rate=…; it {then}."
        if len(folders) > 1:
            fix += f" To go back further first: ml-backend model rollback {self._model} --to {int(folders[-2].name)}."
        return BackendError(f"The loss {wrong} at iteration {self._iteration}.", fix)

    def _set_rates(self) -> None:
        lowers = self._trainer.config.schedule == "plateau"
        self._trainer.plateau, self._trainer.calm = self._plateau.factor if lowers else 1.0, 0.5**self._calmed

    def _plateau_at(self, info: CheckpointInfo) -> Plateau:
        """How the looks had gone at a checkpoint; as before the first where its losses cannot be compared with today's.

        A checkpoint that does not say which faces were looked at counts as one with the faces of today.
        """
        then, config = info.config, self._trainer.config
        same = (then.loss, then.held_out, then.seed) == (config.loss, config.held_out, config.seed)
        same = same and info.learning == list(self._trainer.faces) and info.measured in (None, self._measured)
        return info.plateau if same else Plateau()

    def _look(self) -> None:
        """Measure on the held-out faces; `schedule=plateau` lowers the rate where nothing was gained."""
        trainer = self._trainer
        value = held_out_loss(trainer, self._held_out) if self._world.leads else 0.0
        self._checked = agreed(value, self._world)
        self._plateau = self._plateau.anew((trainer.phase, trainer.side)).seen(self._checked, at=self._iteration)
        self._set_rates()
        if trainer.config.patience and self._plateau.at == self._iteration and self._world.leads:
            keep_best(self._model, trainer.networks.ema, self._iteration)

    def _report(self, reporter: Reporter, spent: float, steps: int) -> None:
        trainer = self._trainer
        rate = steps * self._images_per_step() / max(time.monotonic() - self._started, 1e-6)
        figures = {
            "iteration": float(self._iteration),
            "loss": self._loss or 0.0,
            "images_per_second": rate,
            "learning_rate": float(trainer.optimizer.param_groups[-1]["lr"]),
            "phase": float(trainer.phase + 1),
        }
        if self._checked is not None:
            figures["held_out_loss"] = self._checked
        reporter.progress("train", min(spent, 1.0), 1, figures)
        if self._curves is not None:
            parts = {name: float(value) for name, value in trainer.parts.items()}
            self._curves.add(self._iteration, self._seconds(), figures, parts)

    def _save(self, anew: bool = False) -> None:
        """A checkpoint, with `anew` also in place of one of this iteration.

        Raises ConsentRefused, and keeps nothing, where somebody's consent was revoked or ran out in the meantime.
        """
        self._courses[self._iteration] = self._course
        if self._world.leads:
            require_still(self._origin.granted, self._origin.purpose)
            trainer = self._trainer
            known = trainer.networks.autoencoder.identities
            before = self._before
            references = dict(before.references) if before else {}
            references |= {name: faces.embedding.tolist() for name, faces in trainer.faces.items()}
            middles = dict(before.middles) if before else {}
            middles |= {name: faces.middle for name, faces in trainer.faces.items() if faces.middle is not None}
            info = CheckpointInfo(
                identities=list(known),
                learning=list(trainer.faces),
                config=trainer.config,
                precision=str(trainer.precision).removeprefix("torch."),
                iteration=self._iteration,
                seconds=self._seconds(),
                since=self._since,
                side=trainer.side,
                phase=trainer.phase,
                loss=self._loss,
                plateau=self._plateau,
                measured=self._measured,
                calmed=self._calmed,
                base=before.base if before else self._origin.base,
                landmark_model=self._origin.landmarks,
                references=references,
                middles=middles,
                consent=self._bound(),
            )
            config = trainer.config
            checkpoint = Checkpoint(info, collect(trainer))
            save_checkpoint(self._model, checkpoint, config.keep_checkpoints, config.keep_history, anew)
        wait(self._world)

    def _preview(self, reporter: Reporter) -> None:
        """A picture of those who learn, and of whoever else of the model may still be painted."""
        if not self._world.leads:
            return
        trainer, purpose = self._trainer, self._origin.purpose
        require_still(self._origin.granted, purpose)
        painted = who_may(trainer.networks.autoencoder.identities, "swap", purpose, self._bound())
        others = {name: sha256 for name, sha256 in painted.hashes().items() if name not in trainer.faces}
        if others and others != self._shown:
            audit.enter("preview", painted.hashes(), {"model": self._model.name} | purpose.facts())
            self._shown = others
        folder, picture = self._model / "previews", preview_grid(trainer.networks.ema, trainer.faces, painted)
        path = folder / f"{self._iteration:08d}.png"
        for file in (path, folder / LATEST):
            write_rgb(file, picture)
        if self._curves is not None:
            self._curves.show(self._iteration, picture)
        reporter.preview(path)

    def _bound(self) -> dict[str, str]:
        """The hash of the record under which each identity of the model was learned."""
        return (dict(self._before.consent) if self._before else {}) | self._origin.granted.hashes()
