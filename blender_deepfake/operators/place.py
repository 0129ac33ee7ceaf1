"""Lay a finished swap over the active strip."""

from typing import TYPE_CHECKING, Any

import bpy

from .. import compat, placing, project, swap_versions
from ..core.errors import DeepfakeError
from .job_operator import needs_strip


class DEEPFAKE_OT_place(bpy.types.Operator):
    bl_idname = "deepfake.place"
    bl_label = "Place Swap"
    bl_description = "Lay a finished swap over the active strip, frame for frame"
    bl_options = {"UNDO"}  # noqa: RUF012  Blender wants a plain set

    if TYPE_CHECKING:
        folder: str
    else:
        folder: bpy.props.StringProperty(
            name="Folder", description="The finished swap. Empty: the folder of the edit's settings"
        )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return needs_strip(cls, context)

    def execute(self, context: bpy.types.Context) -> set[Any]:
        scene = compat.sequencer_scene(context)
        chosen = self.folder or scene.deepfake.swap_folder
        try:
            strip, _ = swap_versions.source_and_result(scene)
            folder = project.absolute(chosen) if chosen else swap_versions.chosen(strip, scene.deepfake.identity)
            result = placing.place(scene, strip, folder)
        except DeepfakeError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, f"Placed {result.name}")
        return {"FINISHED"}
