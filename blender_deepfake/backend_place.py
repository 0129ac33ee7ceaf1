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


def backend_place() -> BackendPlace:
    """What the preferences say; the defaults where the extension is used without being enabled as one."""
    context: Any = bpy.context
    addon = context.preferences.addons.get(__package__ or "")
    chosen = addon.preferences if addon else None
    program = bpy.path.abspath(chosen.backend_path) if chosen else ""
    workspace = bpy.path.abspath(chosen.workspace) if chosen else ""
    return BackendPlace(program, Path(workspace) if workspace else default_workspace())
