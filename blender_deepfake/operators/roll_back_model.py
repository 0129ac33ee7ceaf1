"""Go back to an older checkpoint of a model."""

from typing import TYPE_CHECKING, Any

import bpy

from .. import compat, project, trainings
from ..core.errors import DeepfakeError, UsageError


class DEEPFAKE_OT_roll_back_model(bpy.types.Operator):
    bl_idname = "deepfake.roll_back_model"
    bl_label = "Go Back to This Checkpoint"
    bl_description = (
        "Train and swap from this checkpoint on. Newer ones are set aside in the model's folder, and nothing is deleted"
    )

    if TYPE_CHECKING:
        iteration: int
    else:
        iteration: bpy.props.IntProperty(name="Iteration", description="The checkpoint's iteration", min=0)

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if trainings.known().doing:
            cls.poll_message_set("Another change of a model is under way")
            return False
        return True

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[Any]:
        manager: Any = context.window_manager
        answer: set[Any] = manager.invoke_confirm(
            self,
            event,
            title=f"Go back to iteration {self.iteration}?",
            message="Newer checkpoints are set aside in the model's folder.",
            confirm_text="Go Back",
        )
        return answer

    def execute(self, context: bpy.types.Context) -> set[Any]:
        try:
            model = project.model(compat.sequencer_scene(context).deepfake.model)
            if trainings.is_training(model):
                raise UsageError(f"The model {model.name} is being trained.", "Pause or cancel the job first.")
            trainings.roll_back(model, self.iteration)
            failure = trainings.known().failure
            if bpy.app.background and failure is not None:
                raise failure
        except DeepfakeError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}
