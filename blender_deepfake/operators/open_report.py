"""Show the report on a swap."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy


class DEEPFAKE_OT_open_report(bpy.types.Operator):
    bl_idname = "deepfake.open_report"
    bl_label = "Open Report"
    bl_description = "Open the report on this swap in the web browser; it is a file and loads nothing from elsewhere"

    if TYPE_CHECKING:
        path: str
    else:
        path: bpy.props.StringProperty(name="Report", description="The report.html of a swap")

    def execute(self, context: bpy.types.Context) -> set[Any]:
        path = Path(self.path)
        if not path.is_file():
            self.report({"WARNING"}, f"There is no report at {path} yet. Press Look at All Frames")
            return {"CANCELLED"}
        bpy.ops.wm.path_open(filepath=str(path))
        return {"FINISHED"}
