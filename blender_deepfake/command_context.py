"""What the commands of `blender --command deepfake` share: the strip they are about, the backend, paths, saving."""

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

import bpy

from . import project, session, strips
from .backend_place import BackendPlace, backend_place
from .compat import Scene, Strip
from .core import wording
from .core.entry import Entry
from .core.errors import DeepfakeError, UsageError
from .core.runner import JobSpec

_SHOW_SECONDS = 5.0


class AnsweredError(DeepfakeError):
    """It ended with `exit_code`, and there is an `answer` all the same."""

    def __init__(self, message: str, fix: str, exit_code: int, answer: dict[str, Any]) -> None:
        super().__init__(message, fix)
        self.exit_code = exit_code
        self.answer = answer


def run(spec: JobSpec, arguments: argparse.Namespace) -> dict[str, Any]:
    """Run a job to its end, with its progress printed; returns its result."""
    print(f"{spec.label}. {spec.note}".strip(), file=sys.stderr, flush=True)
    return session.current().run(spec, backend_of(arguments), _Printer()).result or {}


class _Printer:
    """Prints a job's progress now and then, only when it changed."""

    def __init__(self) -> None:
        self._last = ("", 0.0)

    def __call__(self, entry: Entry) -> None:
        text = wording.progress(entry.stage or entry.state, entry.done, entry.total, entry.seconds_left)
        if text != self._last[0] and time.monotonic() - self._last[1] >= _SHOW_SECONDS:
            self._last = (text, time.monotonic())
            print(text, file=sys.stderr, flush=True)


def scene_of(arguments: argparse.Namespace) -> Scene:
    scenes = bpy.data.scenes
    if arguments.scene and arguments.scene not in scenes:
        raise UsageError(f"The edit has no scene {arguments.scene!r}.", f"It has: {', '.join(scenes.keys())}.")
    return scenes[arguments.scene] if arguments.scene else bpy.context.scene


def strip_of(arguments: argparse.Namespace) -> tuple[Scene, Strip]:
    """The named strip, or the one in the named meta strip of strip and swap, and its scene. Raises for placed swaps."""
    scene = _holding(arguments)
    named = strips.by_name(scene, arguments.strip)
    source = strips.source_behind(named)
    if named.get(strips.SOURCE) or source is None:
        below = f": {source.name!r}" if source is not None else ""
        raise UsageError(f"The strip {named.name!r} is a placed swap.", f"Name the strip that it lies over{below}.")
    return scene, source


def _holding(arguments: argparse.Namespace) -> Scene:
    """The scene that is named, else the one that has the strip."""
    scenes, scene = bpy.data.scenes, scene_of(arguments)
    holding = [s for s in scenes if s.sequence_editor and arguments.strip in s.sequence_editor.strips_all]
    return holding[0] if not arguments.scene and scene not in holding and len(holding) == 1 else scene


def save_path(arguments: argparse.Namespace) -> Path | None:
    """Where the edit shall be saved, None where that was not asked for; looked at before anything is done."""
    if arguments.save is None:
        return None
    if not (arguments.save or bpy.data.filepath):
        raise UsageError("The edit has no file to save to.", "Give one: --save PATH.")
    path = absolute(arguments.save or bpy.data.filepath)
    if not path.parent.is_dir():
        raise UsageError(f"The edit cannot be saved as {path}: there is no folder {path.parent}.", "Make it first.")
    if path.is_dir() or not os.access(path.parent, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise UsageError(f"The edit cannot be saved as {path}.", "Choose a file that can be written: --save PATH.")
    return path


def save(path: Path | None) -> dict[str, Any]:
    """Save the edit where that was asked for."""
    if path is None:
        return {}
    try:
        bpy.ops.wm.save_as_mainfile(filepath=str(path))
    except RuntimeError as error:
        said = str(error).strip().removeprefix("Error: ")
        raise DeepfakeError(f"The edit was not saved: {said}.", "Save it elsewhere: --save PATH.") from error
    return {"saved": str(path)}


def consent_of(arguments: argparse.Namespace, scene: Scene) -> dict[str, Any]:
    """What the gate is asked with, by the names of a job's fields: as the arguments say, else as the scene does."""
    settings: Any = scene.deepfake
    kept = project.absolute(settings.consent) if settings.consent else None
    return {
        "consent": path_of(arguments.consent) or kept,
        "project": arguments.project or settings.project,
        "shot": arguments.shot or settings.shot,
    }


def backend_of(arguments: argparse.Namespace) -> BackendPlace:
    usual = backend_place()
    return BackendPlace(arguments.backend or usual.program, path_of(arguments.workspace) or usual.workspace)


def path_of(text: str | None) -> Path | None:
    return absolute(text) if text else None


def absolute(text: str) -> Path:
    return project.absolute(text) if text.startswith("//") else Path(text).expanduser().resolve()
