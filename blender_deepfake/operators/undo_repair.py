"""Take the last repair back."""

from typing import TYPE_CHECKING, Any

import bpy

from .. import compat, repairing
from ..core import repairs
from ..core.errors import DeepfakeError


class DEEPFAKE_OT_undo_repair(bpy.types.Operator):
    bl_idname = "deepfake.undo_repair"
    bl_label = "Take Back"
    bl_description = "Take the last repair of this faceset back, of whichever frame it is"

    if TYPE_CHECKING:
        faceset: str
    else:
        faceset: bpy.props.StringProperty(
            name="Faceset", description="Folder of the faces. Empty: of the person chosen in the panel"
        )

    def execute(self, context: bpy.types.Context) -> set[Any]:
        try:
            last = repairs.remove_last(repairing.faceset(compat.sequencer_scene(context), self.faceset))
        except DeepfakeError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, f"Taken back: {last.get('action')} in frame {last.get('frame', last.get('frames'))}")
        return {"FINISHED"}
