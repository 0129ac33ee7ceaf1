"""What can be adjusted in the swap of the active strip. A dot beside a value sets keyframes, as everywhere."""

from typing import Any

import bpy

from .. import compat, exposure, strips
from ..core.swap_controls import Number, of_group, property_name
from .sidebar import SidebarPanel, paragraph


class DEEPFAKE_PT_swap_settings(SidebarPanel):
    bl_idname = "DEEPFAKE_PT_swap_settings"
    bl_label = "Settings"
    bl_parent_id = "DEEPFAKE_PT_swap"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012  Blender wants a plain set

    def fill(self, layout: Any, context: bpy.types.Context) -> None:
        strip = strips.source_of_active(compat.sequencer_scene(context))
        if strip is None or not strips.has_picture(strip):
            paragraph(layout, context, "Select a strip that shows a picture.", "INFO")
            return
        row = layout.row()
        row.label(text=f"Of {strip.name}", icon="SEQUENCE")
        row.operator("deepfake.reset_swap", text="", icon="LOOP_BACK", emboss=False)


class SwapSettingsPanel(SidebarPanel):
    """One group of the settings, that of its label."""

    bl_parent_id = "DEEPFAKE_PT_swap_settings"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012  Blender wants a plain set

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return strips.has_picture(strips.source_of_active(compat.sequencer_scene(context)))

    def fill(self, layout: Any, context: bpy.types.Context) -> None:
        strip = strips.source_of_active(compat.sequencer_scene(context))
        layout.use_property_split = True
        column = layout.column()
        for control in of_group(self.bl_label):
            # the dot that sets keyframes, only where they count
            column.use_property_decorate = isinstance(control, Number) and control.can_be_keyed
            column.prop(strip, property_name(control))


class DEEPFAKE_PT_swap_colour(SwapSettingsPanel):
    bl_idname = "DEEPFAKE_PT_swap_colour"
    bl_label = "Colour"

    def fill(self, layout: Any, context: bpy.types.Context) -> None:
        super().fill(layout, context)
        row = layout.row()
        row.use_property_decorate = False
        row.prop(strips.source_of_active(compat.sequencer_scene(context)), exposure.NAME)


class DEEPFAKE_PT_swap_mask_edge(SwapSettingsPanel):
    bl_idname = "DEEPFAKE_PT_swap_mask_edge"
    bl_label = "Mask Edge"


class DEEPFAKE_PT_swap_place(SwapSettingsPanel):
    bl_idname = "DEEPFAKE_PT_swap_place"
    bl_label = "Place"


class DEEPFAKE_PT_swap_detail(SwapSettingsPanel):
    bl_idname = "DEEPFAKE_PT_swap_detail"
    bl_label = "Detail"


class DEEPFAKE_PT_swap_output(SwapSettingsPanel):
    bl_idname = "DEEPFAKE_PT_swap_output"
    bl_label = "Output"

    def fill(self, layout: Any, context: bpy.types.Context) -> None:
        super().fill(layout, context)
        row = layout.row()
        row.use_property_decorate = False
        row.prop(compat.sequencer_scene(context).deepfake, "swap_names", text="Names", placeholder="######")


class DEEPFAKE_PT_swap_others(SidebarPanel):
    bl_idname = "DEEPFAKE_PT_swap_others"
    bl_label = "Other Settings"
    bl_parent_id = "DEEPFAKE_PT_swap_settings"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012  Blender wants a plain set

    def fill(self, layout: Any, context: bpy.types.Context) -> None:
        layout.prop(compat.sequencer_scene(context).deepfake, "swap_settings", text="", placeholder="key=value")


PANELS = (
    DEEPFAKE_PT_swap_settings,
    DEEPFAKE_PT_swap_colour,
    DEEPFAKE_PT_swap_mask_edge,
    DEEPFAKE_PT_swap_place,
    DEEPFAKE_PT_swap_detail,
    DEEPFAKE_PT_swap_output,
    DEEPFAKE_PT_swap_others,
)
