"""Where the backend is and where it works, as the preferences say."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from .core.home import default_workspace


@dataclass(frozen=True)
class BackendPlace:
    """What names the backend's program (empty: find it) and the folder it works in."""

    program: str
    workspace: Path


def _preferences() -> Any:
    """None where the extension is used without being enabled as one."""
    context: Any = bpy.context
    addon = context.preferences.addons.get(__package__ or "")
    return addon.preferences if addon else None


def signs_renders() -> bool:
    """Are rendered films signed?"""
    chosen = _preferences()
    return bool(chosen.sign_renders) if chosen else True


def backend_place() -> BackendPlace:
    """What the preferences say; the defaults where the extension is used without being enabled as one."""
    chosen = _preferences()
    program = bpy.path.abspath(chosen.backend_path) if chosen else ""
    workspace = bpy.path.abspath(chosen.workspace) if chosen else ""
    return BackendPlace(program, Path(workspace) if workspace else default_workspace())
