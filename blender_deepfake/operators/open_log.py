"""Show a log file."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from .. import session


class DEEPFAKE_OT_open_log(bpy.types.Operator):
    bl_idname = "deepfake.open_log"
    bl_label = "Open Log"
    bl_description = "Open the log in the program that this system uses for it"

    if TYPE_CHECKING:
        path: str
    else:
        path: bpy.props.StringProperty(name="Log", description="The log file. Empty: the backend's own")

    def execute(self, context: bpy.types.Context) -> set[Any]:
        path = Path(self.path) if self.path else session.current().log
        if not path.is_file():
            self.report({"WARNING"}, f"There is no log at {path} yet")
            return {"CANCELLED"}
        bpy.ops.wm.path_open(filepath=str(path))
        return {"FINISHED"}
