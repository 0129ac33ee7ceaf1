"""A swap that goes on while the edit is closed. Arguments: folder, what to do: start, wait, finish, look or undo.

No timer fires without a window, so this calls what the timer calls.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import pictures

import blender_deepfake
from blender_deepfake import session, strips

folder = Path(sys.argv[1])
edit, model = folder / "edit.blend", folder / "model"
operators: Any = bpy.ops.deepfake
blender_deepfake.register()
current = session.current()
current.blocking = False


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 40
    while not condition():
        assert time.monotonic() < deadline, [(e.state, str(e.error)) for e in current.board.entries]
        current._tick()
        time.sleep(0.02)


def settle() -> None:
    """All that is known of the jobs has been acted upon."""
    for _ in range(10):
        current._tick()
        until(lambda: not current._refreshing)


def start() -> None:
    scene = pictures.edit()
    scene.sequence_editor.active_strip = pictures.movie(scene)
    pictures.swap_of(model / "frames", list(range(1, 31)), pictures.numbered)
    bpy.ops.wm.save_as_mainfile(filepath=str(edit))
    settings = bpy.context.scene.deepfake
    settings.identity, settings.model = "identity", str(model)
    operators.swap()
    until(lambda: current.board.entries and current.board.entries[0].done > 1)
    copy = bpy.context.scene.copy()  # its strip has the note, too, and must not get the swap
    assert copy.sequence_editor.strips_all
    bpy.ops.wm.save_mainfile()


def reopen() -> None:
    bpy.ops.wm.open_mainfile(filepath=str(edit))
    current.look()  # as the panel does
    until(lambda: current.board.entries and not current._refreshing)


def placed() -> list[list[Any]]:
    found = strips.everywhere()
    return [[scene.name, strip.name, len(strip.elements)] for scene, strip in found if strip.get(strips.SWAP)]


def told() -> dict[str, Any]:
    jobs = [[entry.spec.label, entry.state] for entry in current.board.entries]
    return {"jobs": jobs, "done": current.board.entries[0].done, "placed": placed()}


def wait() -> None:
    reopen()
    until(lambda: current.board.entries[0].done > 1)


def finish() -> None:
    reopen()
    (model / "go").touch()
    until(placed)
    settle()
    bpy.ops.wm.save_mainfile()


def look() -> None:
    """Take the result away and open the edit again: it is not placed a second time."""
    reopen()
    settle()
    for scene, strip in strips.placed():
        scene.sequence_editor.strips.remove(strip)
    bpy.ops.wm.save_mainfile()
    reopen()
    settle()


def undo() -> None:
    """The swap is placed, and that is undone; then the edit is saved and opened again."""
    reopen()
    bpy.ops.ed.undo_push(message="before")
    (model / "go").touch()
    until(placed)
    settle()
    bpy.ops.ed.undo_push(message="Place Face Swap")
    bpy.ops.ed.undo()
    undone["placed"] = placed()
    bpy.ops.wm.save_mainfile()
    reopen()
    settle()


undone: dict[str, Any] = {}
{"start": start, "wait": wait, "finish": finish, "look": look, "undo": undo}[sys.argv[2]]()
answer = told() | {"undone": undone}
blender_deepfake.unregister()
print(json.dumps(answer))
