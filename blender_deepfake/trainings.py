"""What is known of the edit's models: which there are, and how far the chosen one is. Looked at in threads."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import bpy

from . import backend_words, project, session
from .compat import Scene
from .core import model_folders, model_fork
from .core.errors import DeepfakeError
from .core.model_folders import ModelCheckpoint, ModelSummary

_LOOK_SECONDS = 2.0  # while a training runs


@dataclass(frozen=True)
class Looked:
    """What one look found; `checkpoints` are those of the chosen model, the newest first."""

    models: tuple[ModelSummary, ...]
    chosen: ModelSummary
    checkpoints: tuple[ModelCheckpoint, ...]


@dataclass
class Models:
    """Read by the panel. `looked` is None while nobody has looked yet; `doing` says what is being done to a model."""

    key: tuple[tuple[Path, ...], Path, int] | None = None
    looked: Looked | DeepfakeError | None = None
    looking: bool = False
    at: float = 0.0
    doing: str = ""
    failure: DeepfakeError | None = None


_known = Models()


def known() -> Models:
    return _known


def forget() -> None:
    """At unregistering."""
    global _known  # noqa: PLW0603  Blender has one process and one registration; so has this
    _known = Models()


def is_training(model: Path) -> bool:
    """Does a job train `model` now?"""
    entries = session.current().board.entries
    return any(
        entry.state == "running" and entry.spec.kind == "train" and entry.spec.request.get("model") == str(model)
        for entry in entries
    )


def look(scene: Scene) -> Models:
    """What is known; looks again, in a thread, where something has changed, and now and then while it is trained."""
    chosen = project.model(scene.deepfake.model)
    key = project.all_models(), chosen, session.current().board.changes
    due = is_training(chosen) and time.monotonic() - _known.at > _LOOK_SECONDS
    if _known.looking or (key == _known.key and not due):
        return _known
    if _known.key is None or _known.key[1] != chosen:
        _known.looked, _known.failure = None, None
    _known.key, _known.looking, _known.at = key, True, time.monotonic()

    def then(told: Looked | DeepfakeError) -> None:
        _known.looking, _known.looked = False, told

    session.current().ask(lambda: _look(key[0], chosen), then)
    return _known


def _look(parents: Iterable[Path], chosen: Path) -> Looked:
    return Looked(
        tuple(model for parent in parents for model in model_folders.list_models(parent)),
        model_folders.summarise(chosen),
        tuple(model_folders.list_checkpoints(chosen)),
    )


def roll_back(model: Path, iteration: int) -> None:
    """Make an older checkpoint the newest. In a window it returns at once."""
    run = backend_words.runner()
    arguments = ["model", "rollback", str(model), "--to", str(iteration), "--json"]
    _do(f"Going back to {iteration}", lambda: run(arguments), lambda: None)


def fork(scene: Scene, model: Path, copy: Path) -> None:
    """Copy `model` and choose the copy in `scene`. In a window it returns at once."""
    scene_name, stopping = scene.name, session.current().is_closing

    def choose() -> None:
        found: Scene = bpy.data.scenes.get(scene_name)
        if found is not None:
            found.deepfake.model = project.written(copy)

    _do(f"Copying to {copy.name}", lambda: model_fork.fork(model, copy, stopping), choose)


def _do(what: str, work: Callable[[], object], then: Callable[[], None]) -> None:
    def done(told: object) -> None:
        _known.doing, _known.key = "", None
        _known.failure = told if isinstance(told, DeepfakeError) else None
        if _known.failure is None:
            then()

    _known.doing, _known.failure = what, None
    session.current().ask(work, done)
