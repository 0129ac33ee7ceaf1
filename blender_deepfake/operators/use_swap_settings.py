"""Set the settings of a swap from text: what a preset's file does."""

from typing import TYPE_CHECKING, Any

import bpy

from .. import compat, job_specs, strips, swap_settings
from ..core.errors import DeepfakeError
from .job_operator import needs_strip


class DEEPFAKE_OT_use_swap_settings(bpy.types.Operator):
    bl_idname = "deepfake.use_swap_settings"
    bl_label = "Use Swap Settings"
    bl_description = "Set these settings of the active strip's swap, and leave all others to the backend"
    bl_options = {"UNDO"}  # noqa: RUF012  Blender wants a plain set

    if TYPE_CHECKING:
        settings: str
    else:
        settings: bpy.props.StringProperty(name="Settings", description="key=value, with spaces between")

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return needs_strip(cls, context)

    def execute(self, context: bpy.types.Context) -> set[Any]:
        scene = compat.sequencer_scene(context)
        try:
            swap_settings.replace(scene, strips.source_of_active(scene), job_specs.key_values(self.settings.split()))
        except DeepfakeError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}
