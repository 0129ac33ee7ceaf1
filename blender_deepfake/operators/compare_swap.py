"""Compare the placed swap with its plate in the preview."""

from typing import TYPE_CHECKING, Any

import bpy

from .. import compare, compare_state, compat, swap_versions
from ..core.errors import DeepfakeError, UsageError
from .job_operator import needs_strip

_MODES = [
    (compare.OFF, "Swap", "Show the swap, as it is saved and rendered"),
    (compare.PLATE, "Plate", "Show the plate alone"),
    (compare.WIPE, "Wipe", "Show the plate left of a line and the swap right of it"),
    (compare.DIFFERENCE, "Difference", "Show, where the face is painted, how far the swap is from the plate"),
]


class DEEPFAKE_OT_compare_swap(bpy.types.Operator):
    bl_idname = "deepfake.compare_swap"
    bl_label = "Compare Swap with Plate"
    bl_description = "Change what the preview shows of the active strip. It is never saved or rendered so"

    if TYPE_CHECKING:
        mode: str
    else:
        mode: bpy.props.EnumProperty(name="Show", description="What the preview shows", items=_MODES)

    @classmethod
    def description(cls, context: bpy.types.Context, properties: Any) -> str:
        return next(f"{text}. It is never saved or rendered so" for name, _, text in _MODES if name == properties.mode)

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if compat.is_rendering():
            cls.poll_message_set("Blender renders now")
            return False
        return needs_strip(cls, context)

    def execute(self, context: bpy.types.Context) -> set[Any]:
        scene = compat.sequencer_scene(context)
        try:
            strip, result = swap_versions.source_and_result(scene)
            if result is None:
                raise UsageError(f"No swap lies over the strip {strip.name!r}.", "Swap it first, or place a swap.")
            compare.enter(scene, result, self.mode, compare_state.position())
        except DeepfakeError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}
