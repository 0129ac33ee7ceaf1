"""Where facesets, models, plates and swaps of an edit lie unless the user says otherwise."""

from pathlib import Path

import bpy

from . import unsaved
from .compat import Strip
from .core.errors import UsageError
from .core.plates import folder_name
from .strips import mark


def absolute(path: str) -> Path:
    """A path as Blender writes it (`//` is the edit's folder) as an absolute one."""
    if path.startswith("//") and not bpy.data.filepath:
        raise UsageError(f"The path {path} is relative to the edit, and the edit has no file yet.", "Save it first.")
    return Path(bpy.path.abspath(path)).resolve()


def written(path: Path) -> str:
    """`path` as it is kept in the edit: relative to it where it lies beside or below it, so that both can move."""
    if bpy.data.filepath and path.is_relative_to(Path(bpy.data.filepath).resolve().parent):
        return str(bpy.path.relpath(str(path)))
    return str(path)


def edit_name() -> str:
    """The edit's file name; empty while it has no file."""
    return Path(bpy.data.filepath).name


def folder() -> Path:
    """`deepfake` beside the edit; a folder in the user's data while the edit has no file."""
    if bpy.data.filepath:
        return Path(bpy.data.filepath).resolve().parent / "deepfake"
    return unsaved.folder()


def _found(home: str, name: str) -> Path:
    """What lies in a folder of the edit's; or, where it is not there, in that from before the edit had a file."""
    beside, earlier = folder() / home / name, unsaved.earlier()
    before = earlier / home / name if earlier is not None else beside
    return before if before.exists() and not beside.exists() else beside


def faceset(name: str, chosen: str = "") -> Path:
    return absolute(chosen) if chosen else _found("facesets", folder_name(name))


def model(chosen: str = "") -> Path:
    return absolute(chosen) if chosen else _found("models", "model")


def models() -> Path:
    """The folder of the edit's models."""
    return folder() / "models"


def all_models() -> tuple[Path, ...]:
    """That folder, and the one from before the edit had a file."""
    earlier = unsaved.earlier()
    return (models(),) if earlier is None else (models(), earlier / "models")


def consent_records() -> Path:
    """The folder of the consent records that are kept with the edit."""
    return folder() / "consent"


def mask_model(chosen: str = "") -> Path:
    return absolute(chosen) if chosen else _found("models", "mask")


def plates() -> Path:
    return folder() / "plates"


def swap(strip: Strip, identity: str) -> Path:
    """One folder for each strip and identity: swapping again redoes there only what changed."""
    return folder() / "swaps" / f"{folder_name(strip.name)}_{mark(strip)[:8]}_as_{folder_name(identity)}"


def preview(strip: Strip, identity: str) -> Path:
    """The picture of the latest preview of a strip and identity."""
    return folder() / "previews" / f"{swap(strip, identity).name}.png"
