"""Paint what covers the face, or what is seen of it."""

from typing import TYPE_CHECKING, Any

import bpy

from .. import mask_painting


class DEEPFAKE_OT_brush_colour(bpy.types.Operator):
    bl_idname = "deepfake.brush_colour"
    bl_label = "Brush"
    bl_description = "Let the brush mark what covers the face, or what is seen of it. X changes between both"

    if TYPE_CHECKING:
        covered: bool
    else:
        covered: bpy.props.BoolProperty(
            name="Covered", description="Mark what covers the face instead of what is seen", default=True
        )

    def execute(self, context: bpy.types.Context) -> set[Any]:
        mask_painting.set_brush(context.scene, self.covered)
        return {"FINISHED"}
