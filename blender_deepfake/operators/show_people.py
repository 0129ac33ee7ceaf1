"""Show who of the people in the footage has which number."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from .. import image_window


class DEEPFAKE_OT_show_people(bpy.types.Operator):
    bl_idname = "deepfake.show_people"
    bl_label = "Show People"
    bl_description = "Open the picture that shows which number each person of the footage has"

    if TYPE_CHECKING:
        path: str
    else:
        path: bpy.props.StringProperty(name="Picture", description="people.png of a faceset")

    def execute(self, context: bpy.types.Context) -> set[Any]:
        path = Path(self.path)
        if not path.is_file():
            self.report({"WARNING"}, f"There is no picture of the people at {path} yet. Extract first")
            return {"CANCELLED"}
        image = bpy.data.images.load(str(path), check_existing=True)
        image.reload()
        image_window.show(context, image)
        return {"FINISHED"}
