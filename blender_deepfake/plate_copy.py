"""Writes a copy of the edit from which another Blender renders one strip as a plate."""

import json
import sys
from pathlib import Path
from tempfile import gettempdir
from uuid import uuid4

import bpy

from . import compat, strips
from .compat import Scene, Strip
from .core import frame_mapping
from .core.plates import folder_name
from .core.rendering import PlateRender
from .core.results import RENDERED_SUFFIX

_SCRIPT = Path(__file__).with_name("render_plate.py")


def prepare(scene: Scene, strip: Strip, plates: Path, only: int | None = None) -> tuple[Path, PlateRender]:
    """The folder that the plate will be in, and the command that renders it there: all of it, or `only` one picture.

    The edit itself is not touched. The folder's name comes from the strip's uid, so another render of the same
    strip goes to the same place.
    """
    folder = folder_of(strip, plates)
    folder.mkdir(parents=True, exist_ok=True)
    # a name that is free: over a file that is there already, Blender would keep that one as a backup beside it
    copy = Path(gettempdir()) / f"deepfake_plate_{uuid4().hex}.blend"
    # libraries.write would do with less, but crashes 5.2; a saved copy leaves the edit's own file and name alone
    bpy.ops.wm.save_as_mainfile(filepath=str(copy), copy=True, relative_remap=True)
    numbers = frame_mapping.rendered_numbers(compat.timing(strip))
    task = {
        "file": str(copy),
        "scene": scene.name,
        "strip": strip.name,
        "folder": str(folder),
        "first": numbers[0],
        "only": only,
    }
    count = len(numbers) if only is None else 1
    return folder, PlateRender((*_blender(), json.dumps(task)), count, copy)


def folder_of(strip: Strip, plates: Path) -> Path:
    """The folder of the strip's rendered plate, whether it is there or not."""
    return plates / f"{folder_name(strip.name)}_{strips.mark(strip)[:8]}{RENDERED_SUFFIX}"


def _blender() -> tuple[str, ...]:
    """How to run a script in another Blender: the program, or where Blender is a Python module, that Python."""
    if bpy.app.binary_path:
        return (
            bpy.app.binary_path,
            "-b",
            "--factory-startup",
            "--python-exit-code",
            "1",
            "--python",
            str(_SCRIPT),
            "--",
        )
    return (sys.executable, str(_SCRIPT), "--")
