"""Swap the face in the active strip, or place a swap that is finished."""

from typing import Any

import bpy

from .. import compat, previewing, strips
from .menus import DEEPFAKE_MT_swap_presets
from .sidebar import SidebarPanel, paragraph


class DEEPFAKE_PT_swap(SidebarPanel):
    bl_idname = "DEEPFAKE_PT_swap"
    bl_label = "Swap"

    def fill(self, layout: Any, context: bpy.types.Context) -> None:
        scene = compat.sequencer_scene(context)
        settings, strip = scene.deepfake, strips.source_of_active(scene)
        row = layout.row(align=True)
        row.menu("DEEPFAKE_MT_swap_presets", text=DEEPFAKE_MT_swap_presets.bl_label)
        row.operator("deepfake.add_swap_preset", text="", icon="ADD")
        row.operator("deepfake.add_swap_preset", text="", icon="REMOVE").remove_active = True
        column = layout.column()
        column.prop(settings, "use_mask_model")
        column.prop(settings, "place_when_done")
        column = layout.column()
        column.enabled = bool(settings.identity)
        preview = previewing.state()
        text = "Making the Preview …" if preview.making else None
        column.operator("deepfake.preview_swap", text=text, icon="IMAGE_DATA")
        if preview.said and strip is not None and strips.uid_of(strip) == preview.strip:
            paragraph(column, context, preview.said, "ERROR" if preview.failed else "INFO")
        named = f"Swap Face: {settings.identity}" if settings.identity else "Swap Face"
        column.operator("deepfake.swap", text=named, icon="USER")
        if not settings.identity:
            paragraph(layout, context, "Name the identity under People first.", "INFO")


class DEEPFAKE_PT_finished_swap(SidebarPanel):
    bl_idname = "DEEPFAKE_PT_finished_swap"
    bl_label = "Finished Swap"
    bl_parent_id = "DEEPFAKE_PT_swap"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012  Blender wants a plain set

    def fill(self, layout: Any, context: bpy.types.Context) -> None:
        column = layout.column()
        column.prop(compat.sequencer_scene(context).deepfake, "swap_folder", text="", placeholder="Swap of this strip")
        column.operator("deepfake.place", icon="SEQ_SEQUENCER").folder = ""
