"""Add a finished swap to the edit: over the strip that it was made from."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from .. import compat, placing, plate_search, project
from ..core.errors import DeepfakeError


class DEEPFAKE_OT_add_swap(bpy.types.Operator):
    bl_idname = "deepfake.add_swap"
    bl_label = "Add Swap"
    bl_description = "Choose the folder of a finished swap, and lay it over the strip that shows its plate"
    bl_options = {"UNDO"}  # noqa: RUF012  Blender wants a plain set

    if TYPE_CHECKING:
        filepath: str
        filter_glob: str
    else:
        filepath: bpy.props.StringProperty(
            name="Swap",
            description="The folder of the swap, or the manifest.json in it",
            subtype="FILE_PATH",
            options={"SKIP_SAVE"},
        )
        filter_glob: bpy.props.StringProperty(
            name="Filter", description="Which files the browser shows", default="manifest.json", options={"HIDDEN"}
        )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[Any]:
        if self.filepath:  # it was dropped here
            return self.execute(context)
        manager: Any = context.window_manager
        manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[Any]:
        scene = compat.sequencer_scene(context)
        try:
            chosen = project.absolute(self.filepath)
            folder = chosen if chosen.is_dir() else Path(chosen).parent
            result = placing.place(scene, plate_search.strip_for(scene, folder), folder)
        except DeepfakeError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, f"Placed {result.name}")
        return {"FINISHED"}
