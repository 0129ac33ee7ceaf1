"""Keep the mask that was painted."""

from typing import Any

import bpy

from .. import mask_painting
from ..core.errors import DeepfakeError


class DEEPFAKE_OT_save_mask(bpy.types.Operator):
    bl_idname = "deepfake.save_mask"
    bl_label = "Save Mask"
    bl_description = "Keep the painted mask with the faceset, where training and the mask model find it"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if mask_painting.current(context) is not None:
            return True
        cls.poll_message_set("Open a mask with Paint Mask first")
        return False

    def execute(self, context: bpy.types.Context) -> set[Any]:
        painting = mask_painting.current(context)
        if painting is None:
            return {"CANCELLED"}
        try:
            mask_painting.keep(painting)
        except DeepfakeError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, f"Saved the mask of {painting.name}")
        return {"FINISHED"}
