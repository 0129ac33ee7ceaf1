"""Forget what was changed in the settings of a swap."""

from typing import Any

import bpy

from .. import compat, strips, swap_settings
from .job_operator import needs_strip


class DEEPFAKE_OT_reset_swap(bpy.types.Operator):
    bl_idname = "deepfake.reset_swap"
    bl_label = "Reset Swap Settings"
    bl_description = "Leave all settings of the active strip's swap to the backend again, and delete their keyframes"
    bl_options = {"UNDO"}  # noqa: RUF012  Blender wants a plain set

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return needs_strip(cls, context)

    def execute(self, context: bpy.types.Context) -> set[Any]:
        scene = compat.sequencer_scene(context)
        swap_settings.reset(scene, strips.source_of_active(scene))
        return {"FINISHED"}
