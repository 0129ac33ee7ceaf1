"""Where facesets, models, plates and swaps of an edit lie unless the user says otherwise."""

from pathlib import Path

import bpy

from .compat import Strip
from .core.errors import UsageError
from .core.home import home_folder
from .core.plates import folder_name
from .strips import mark


def absolute(path: str) -> Path:
    """A path as Blender writes it (`//` is the edit's folder) as an absolute one."""
    if path.startswith("//") and not bpy.data.filepath:
        raise UsageError(f"The path {path} is relative to the edit, and the edit has no file yet.", "Save it first.")
    return Path(bpy.path.abspath(path)).resolve()


def folder() -> Path:
    """`deepfake` beside the edit; in the user's data folder while the edit has no file."""
    if bpy.data.filepath:
        return Path(bpy.data.filepath).resolve().parent / "deepfake"
    return home_folder() / "unsaved edits"


def faceset(name: str, chosen: str = "") -> Path:
    return absolute(chosen) if chosen else folder() / "facesets" / folder_name(name)


def model(chosen: str = "") -> Path:
    return absolute(chosen) if chosen else folder() / "models" / "model"


def mask_model(chosen: str = "") -> Path:
    return absolute(chosen) if chosen else folder() / "models" / "mask"


def plates() -> Path:
    return folder() / "plates"


def swap(strip: Strip, identity: str) -> Path:
    """One folder for each strip and identity: swapping again redoes there only what changed."""
    return folder() / "swaps" / f"{folder_name(strip.name)}_{mark(strip)[:8]}_as_{folder_name(identity)}"


def preview(strip: Strip, identity: str) -> Path:
    """The picture of the latest preview of a strip and identity."""
    return folder() / "previews" / f"{swap(strip, identity).name}.png"
