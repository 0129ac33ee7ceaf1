"""Choose which version of a strip's swap is shown."""

from typing import TYPE_CHECKING, Any

import bpy

from .. import compat, placing, project, swap_versions
from ..core.errors import DeepfakeError
from .job_operator import needs_strip


class DEEPFAKE_OT_swap_version_show(bpy.types.Operator):
    bl_idname = "deepfake.swap_version_show"
    bl_label = "Show This Version"
    bl_description = "Show this version over the strip. The next swap of the strip goes into it, too"
    bl_options = {"UNDO"}  # noqa: RUF012  Blender wants a plain set

    if TYPE_CHECKING:
        folder: str
    else:
        folder: bpy.props.StringProperty(name="Folder", description="The folder of the version")

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return needs_strip(cls, context)

    def execute(self, context: bpy.types.Context) -> set[Any]:
        scene = compat.sequencer_scene(context)
        try:
            strip, _ = swap_versions.source_and_result(scene)
            placing.place(scene, strip, project.absolute(self.folder))
        except DeepfakeError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}
