"""Begin another version of a strip's swap."""

from typing import Any

import bpy

from .. import compat, swap_versions
from ..core import swap_folders
from ..core.errors import DeepfakeError
from .job_operator import needs_strip


class DEEPFAKE_OT_swap_version_new(bpy.types.Operator):
    bl_idname = "deepfake.swap_version_new"
    bl_label = "New Version"
    bl_description = "Have the next swap of this strip go into a folder of its own, beside what there is"
    bl_options = {"UNDO"}  # noqa: RUF012  Blender wants a plain set

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return needs_strip(cls, context)

    def execute(self, context: bpy.types.Context) -> set[Any]:
        scene = compat.sequencer_scene(context)
        try:
            strip, _ = swap_versions.source_and_result(scene)
            folder = swap_versions.begin(strip, scene.deepfake.identity)
        except DeepfakeError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, f"The next swap is v{swap_folders.number(folder):03d}")
        return {"FINISHED"}
