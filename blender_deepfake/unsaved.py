"""Where an edit without a file keeps its work: a folder of its own in the user's data, which its scene remembers.

So the work is found again after the first save, and in an edit that was recovered after a crash.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import bpy

from . import compat
from .compat import Scene
from .core.home import home_folder

_NAME = "deepfake_unsaved"


@dataclass
class _New:
    """The name for an edit that has none yet; it stays where undo takes it out of the scene again."""

    name: str = field(default_factory=lambda: uuid4().hex[:8])


_new = _New()


def folder() -> Path:
    """The folder of this edit while it has no file."""
    name = _known()
    if not name:
        name = _new.name
        with suppress(AttributeError):  # while the window is drawn nothing can be written; the next button does it
            _scenes()[0][_NAME] = name
    return _home() / name


def earlier() -> Path | None:
    """The folder from before this edit had a file; None where it was not begun so."""
    return _home() / _known() if bpy.data.filepath and _known() else None


def _home() -> Path:
    return home_folder() / "unsaved edits"


def _known() -> str:
    return next((str(scene[_NAME]) for scene in _scenes() if scene.get(_NAME)), "")


def _scenes() -> list[Scene]:
    return [scene for scene in bpy.data.scenes if scene.library is None]


@compat.persistent
def _opened(file: str = "", *told: object) -> None:
    _new.name = _New().name
    if not file:  # the startup file may have been saved from an edit that had a folder
        for scene in _scenes():
            scene.pop(_NAME, None)


_HANDLERS = {"load_post": _opened}


def register() -> None:
    compat.add_handlers(_HANDLERS)


def unregister() -> None:
    compat.remove_handlers(_HANDLERS)
