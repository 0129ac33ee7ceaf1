"""Choose one of the edit's models."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from .. import compat, project


class DEEPFAKE_OT_choose_model(bpy.types.Operator):
    bl_idname = "deepfake.choose_model"
    bl_label = "Choose Model"
    bl_description = "Train this model, and swap with it"
    bl_options = {"UNDO"}  # noqa: RUF012  Blender wants a plain set

    if TYPE_CHECKING:
        model: str
    else:
        model: bpy.props.StringProperty(name="Model", description="Folder of the model")

    def execute(self, context: bpy.types.Context) -> set[Any]:
        compat.sequencer_scene(context).deepfake.model = project.written(Path(self.model))
        return {"FINISHED"}
