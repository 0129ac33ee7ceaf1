"""Swap the face in the active strip, or place a swap that is finished."""

from typing import Any

import bpy

from .. import compat, session
from .menus import DEEPFAKE_MT_swap_presets
from .sidebar import SidebarPanel


class DEEPFAKE_PT_swap(SidebarPanel):
    bl_idname = "DEEPFAKE_PT_swap"
    bl_label = "Swap"

    def fill(self, layout: Any, context: bpy.types.Context) -> None:
        settings = compat.sequencer_scene(context).deepfake
        column = layout.column()
        column.prop(settings, "place_when_done")
        column.prop(settings, "use_mask_model")
        column.prop(settings, "swap_settings", placeholder="key=value")
        row = column.row(align=True)
        row.menu("DEEPFAKE_MT_swap_presets", text=DEEPFAKE_MT_swap_presets.bl_label)
        row.operator("deepfake.add_swap_preset", text="", icon="ADD")
        row.operator("deepfake.add_swap_preset", text="", icon="REMOVE").remove_active = True
        row = column.row()
        row.enabled = bool(settings.identity)
        row.operator("deepfake.swap", text=f"Swap in {settings.identity}" if settings.identity else "Swap Face")
        row = column.row()
        row.enabled = bool(settings.identity)
        making = session.current().previewing
        row.operator("deepfake.preview_swap", text="Making the Preview …" if making else None, icon="IMAGE_DATA")
        layout.separator()
        column = layout.column()
        column.prop(settings, "swap_folder", text="", placeholder="Swap of this strip")
        column.operator("deepfake.place", icon="SEQ_SEQUENCER").folder = ""
