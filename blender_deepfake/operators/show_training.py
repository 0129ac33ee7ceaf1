"""Watch a model being trained."""

from typing import TYPE_CHECKING, Any

import bpy

from .. import compat, project, training_view
from ..core.errors import DeepfakeError

_WHAT = [
    ("PICTURES", "Pictures", "The same faces again and again, each as everybody"),
    ("CURVE", "Curve", "How the loss has fallen"),
]


class DEEPFAKE_OT_show_training(bpy.types.Operator):
    bl_idname = "deepfake.show_training"
    bl_label = "Show Training"
    bl_description = "Show it in an Image Editor, and keep it up to date while the model is trained"

    if TYPE_CHECKING:
        what: str
    else:
        what: bpy.props.EnumProperty(name="What", description="What is shown", items=_WHAT)

    def execute(self, context: bpy.types.Context) -> set[Any]:
        what = training_view.PICTURES if self.what == "PICTURES" else training_view.CURVE
        try:
            training_view.show(context, project.model(compat.sequencer_scene(context).deepfake.model), what)
        except DeepfakeError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}
