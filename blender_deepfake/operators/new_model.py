"""Begin a model beside the edit."""

from typing import TYPE_CHECKING, Any

import bpy

from .. import compat, project
from ..core.plates import folder_name


class DEEPFAKE_OT_new_model(bpy.types.Operator):
    bl_idname = "deepfake.new_model"
    bl_label = "New Model"
    bl_description = "Begin a new model in deepfake/models beside the edit: the next training makes it"
    bl_options = {"UNDO"}  # noqa: RUF012  Blender wants a plain set

    if TYPE_CHECKING:
        folder: str
    else:
        folder: bpy.props.StringProperty(name="Name", description="Name of the model's folder", default="model")

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[Any]:
        settings = compat.sequencer_scene(context).deepfake
        self.folder = f"{settings.performer}_{settings.identity}".strip("_") or "model"
        manager: Any = context.window_manager
        answer: set[Any] = manager.invoke_props_dialog(self)
        return answer

    def execute(self, context: bpy.types.Context) -> set[Any]:
        place = project.models() / folder_name(self.folder)
        if (place / "checkpoints").is_dir():
            self.report({"ERROR"}, f"There is a model {place.name} already. Choose it in the list, or another name")
            return {"CANCELLED"}
        compat.sequencer_scene(context).deepfake.model = project.written(place)
        return {"FINISHED"}
