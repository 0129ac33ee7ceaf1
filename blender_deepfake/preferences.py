"""The extension's preferences: where the backend is and where it works."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from .core.home import default_workspace


class DeepfakePreferences(bpy.types.AddonPreferences):
    bl_idname = __package__ or ""

    if TYPE_CHECKING:
        backend_path: str
        workspace: str
    else:
        backend_path: bpy.props.StringProperty(
            name="Backend",
            description="The ml-backend program or the folder of the virtual environment it is installed in. "
            "Empty: the variable DEEPFAKE_BACKEND, else ml-backend on the PATH",
            subtype="FILE_PATH",
        )
        workspace: bpy.props.StringProperty(
            name="Workspace",
            description="The folder for the backend's jobs and logs. Empty: the backend's own folder in your user data",
            subtype="DIR_PATH",
        )

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.prop(self, "backend_path")
        layout.prop(self, "workspace")


@dataclass(frozen=True)
class BackendPlace:
    """Where the backend's program is (empty: find it) and the folder it works in."""

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
