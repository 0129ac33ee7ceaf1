"""The demo's edit, and what the extension knows of it."""

import importlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
from freezes import EXTENSION
from screen import WORK
from waits import Until, say, until

ROOT = Path(os.environ["SHOTS_ROOT"])
FRAMES = int(os.environ["SHOTS_FRAMES"])
MINUTES = float(os.environ["SHOTS_MINUTES"])
FILM = WORK / "film"
EDIT = FILM / "edit.blend"


def module(name: str) -> Any:
    return importlib.import_module(f"{EXTENSION}.{name}")


def scene() -> Any:
    return bpy.context.window_manager.windows[0].scene


def settings() -> Any:
    return scene().deepfake


def strips() -> Any:
    return scene().sequence_editor.strips


def new() -> None:
    """A saved edit with the plate and two takes of the identity, and the footage beside it."""
    shutil.rmtree(FILM, ignore_errors=True)
    FILM.mkdir(parents=True)
    shutil.copytree(ROOT / "demo" / "footage", WORK / "footage", dirs_exist_ok=True)
    made = scene()
    made.render.resolution_x = made.render.resolution_y = 384
    made.render.fps = 25
    made.view_settings.view_transform = "Standard"
    made.sequence_editor_create()
    bpy.context.window_manager.windows[0].workspace.sequencer_scene = made
    start = 1
    for name, file in (("sh010", "plate_A"), ("take 1", "identity_B_take1"), ("take 2", "identity_B_take2")):
        strip = strips().new_movie(name, str(WORK / "footage" / f"{file}.mp4"), channel=1, frame_start=start)
        strip.right_handle = start + FRAMES
        start += FRAMES + 12
    made.frame_start, made.frame_end = 1, start - 13
    bpy.ops.wm.save_as_mainfile(filepath=str(EDIT))


def select(*names: str) -> None:
    for strip in strips():
        strip.select = strip.name in names
    scene().sequence_editor.active_strip = strips()[names[-1]]


def go(frame: int) -> None:
    scene().frame_set(frame)


def board() -> Any:
    return module("session").current().board


def states() -> list[tuple[str, str]]:
    return [(entry.spec.label, entry.state) for entry in board().entries]


def all_ended(seconds: float = 400) -> Until:
    def ended() -> bool:
        return not board().busy and not any(entry.followed for entry in board().entries)

    return until("all jobs ended", ended, seconds)


def any_state(state: str, seconds: float = 120) -> Until:
    test: Callable[[], bool] = lambda: any(entry.state == state for entry in board().entries)  # noqa: E731
    return until(f"a job is {state}", test, seconds)


def tell_jobs() -> None:
    for entry in board().entries:
        say("job", entry.spec.label, entry.state, str(entry.error or ""))
