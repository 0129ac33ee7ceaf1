"""Swaps that are to be placed when they are done, noted in the edit: also where it is opened only after that.

The strip knows the folder that its swap is made into. When the backend says that this job is done, the swap is placed
and the note taken away, so that nothing is placed twice. Undoing brings back the note with all else: it is taken away
again, since who undoes a placing does not want it.
"""

from pathlib import Path
from typing import Any

import bpy

from . import compat, finishing, placing, project, session, strips
from .compat import Scene, Strip
from .core.entry import Entry
from .core.errors import DeepfakeError

PENDING = "deepfake_pending"  # on the strip: the folder as the edit writes paths
_placed: set[Path] = set()  # the folders of what was placed since this edit was opened


def remember(strip: Strip, folder: Path) -> None:
    """The swap that is made into `folder` shall lie over `strip` when it is done."""
    strip[PENDING] = project.written(folder)
    _placed.discard(folder.resolve())


def place(scene: Scene, strip: Strip, folder: Path, entry: Entry) -> None:
    """Lay the swap of a finished job over `strip`, as one step of undo; where that fails the entry says why.

    Raises only without a window.
    """
    for _, waiting in _waiting(folder):  # duplicates of the strip have the note too
        del waiting[PENDING]
    try:
        placing.place(scene, strip, folder)
    except DeepfakeError as error:
        entry.error, entry.state = error, "failed"
        if bpy.app.background:
            raise
        return
    _placed.add(folder.resolve())
    if not bpy.app.background:
        context: Any = bpy.context
        with context.temp_override(window=context.window_manager.windows[0]):
            bpy.ops.ed.undo_push(message="Place Face Swap")


def place_done(entry: Entry) -> bool:
    """Place the swap of a job that nobody here started, where a strip waits for it; False while Blender renders."""
    if entry.spec.kind != "swap" or not entry.spec.request.get("out"):
        return True
    folder = Path(str(entry.spec.request["out"]))
    waiting = _waiting(folder)
    if not waiting:
        return True
    if compat.is_rendering():
        return False
    place(*waiting[0], folder, entry)
    return True


def _waiting(folder: Path) -> list[tuple[Scene, Strip]]:
    """The strips that wait for the swap in `folder`, in scenes that can be changed; originals before their copies."""
    found = [
        (scene, strip)
        for scene, strip in strips.everywhere()
        if scene.library is None and _is(str(strip.get(PENDING) or ""), folder)
    ]
    return sorted(found, key=lambda pair: not strips.is_original(pair[1]))


def _is(text: str, folder: Path) -> bool:
    try:
        return bool(text) and project.absolute(text) == folder.resolve()
    except DeepfakeError:  # it is relative to an edit that has no file
        return False


@compat.persistent
def _opened(*told: Any) -> None:
    """Jobs may have gone on while this edit was closed."""
    _placed.clear()
    if any(strip.get(PENDING) for _, strip in strips.everywhere()):
        session.current().opened()


@compat.persistent
def _undone(*told: Any) -> None:
    for folder in _placed:
        for _, strip in _waiting(folder):
            del strip[PENDING]


_HANDLERS = {"load_post": _opened, "undo_post": _undone, "redo_post": _undone}


def register() -> None:
    finishing.when_done(place_done)
    compat.add_handlers(_HANDLERS)


def unregister() -> None:
    compat.remove_handlers(_HANDLERS)
    _placed.clear()
    finishing.when_done(None)
