"""Keep the settings of a swap as a preset in the user's own folder, or take one away."""

from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from .. import compat, strips, swap_settings
from ..core import swap_presets
from .job_operator import needs_strip

if TYPE_CHECKING:

    class AddPresetBase:  # the stubs' own does not fit an operator
        pass
else:
    from bl_operators.presets import AddPresetBase


class DEEPFAKE_OT_add_swap_preset(AddPresetBase, bpy.types.Operator):
    bl_idname = "deepfake.add_swap_preset"
    bl_label = "Add Swap Preset"
    bl_description = "Keep the settings of the active strip's swap as a preset, without keyframes"
    preset_menu = "DEEPFAKE_MT_swap_presets"
    preset_subdir = "deepfake_swap"

    if TYPE_CHECKING:
        name: str
        remove_name: bool
        remove_active: bool
    else:
        name: bpy.props.StringProperty(
            name="Name", description="What the preset is called", maxlen=64, options={"SKIP_SAVE"}
        )
        remove_name: bpy.props.BoolProperty(
            name="Remove by Name", description="Take the preset of this name away", options={"HIDDEN", "SKIP_SAVE"}
        )
        remove_active: bpy.props.BoolProperty(
            name="Remove", description="Take the chosen preset away", options={"HIDDEN", "SKIP_SAVE"}
        )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return needs_strip(cls, context)

    def add(self, context: bpy.types.Context, filepath: str) -> None:
        """What the base writes the file with."""
        strip = strips.source_of_active(compat.sequencer_scene(context))
        Path(filepath).write_text(swap_presets.written(swap_settings.chosen(strip)), encoding="utf-8")
