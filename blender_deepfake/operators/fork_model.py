"""Copy a model, so that two trainings can go on from the same point."""

from typing import TYPE_CHECKING, Any

import bpy

from .. import compat, project, trainings
from ..core import model_fork
from ..core.errors import DeepfakeError
from ..core.plates import folder_name


class DEEPFAKE_OT_fork_model(bpy.types.Operator):
    bl_idname = "deepfake.fork_model"
    bl_label = "Fork Model"
    bl_description = "Copy the model's newest checkpoint to a new model and go on with that; the other stays as it is"

    if TYPE_CHECKING:
        folder: str
    else:
        folder: bpy.props.StringProperty(name="Name", description="Name of the copy's folder, beside the model's")

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if trainings.known().doing:
            cls.poll_message_set("Another change of a model is under way")
            return False
        return True

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[Any]:
        try:
            self.folder = model_fork.free_name(project.model(compat.sequencer_scene(context).deepfake.model))
        except DeepfakeError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        manager: Any = context.window_manager
        answer: set[Any] = manager.invoke_props_dialog(self)
        return answer

    def execute(self, context: bpy.types.Context) -> set[Any]:
        scene = compat.sequencer_scene(context)
        try:
            model = project.model(scene.deepfake.model)
            name = folder_name(self.folder) if self.folder.strip() else model_fork.free_name(model)
            trainings.fork(scene, model, model.with_name(name))
            failure = trainings.known().failure
            if bpy.app.background and failure is not None:
                raise failure
        except DeepfakeError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}
