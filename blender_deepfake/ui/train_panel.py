"""Train a model on the two people."""

from typing import Any

import bpy

from .. import compat
from .sidebar import SidebarPanel


class DEEPFAKE_PT_train(SidebarPanel):
    bl_idname = "DEEPFAKE_PT_train"
    bl_label = "Train"

    def fill(self, layout: Any, context: bpy.types.Context) -> None:
        settings = compat.sequencer_scene(context).deepfake
        column = layout.column()
        column.prop(settings, "model", text="", placeholder="Model beside the edit")
        column.prop(settings, "preset", text="", placeholder="Preset for this machine")
        column.prop(settings, "train_settings", placeholder="key=value")
        row = column.row(align=True)
        row.prop(settings, "limit", text="")
        row.prop(settings, settings.limit.lower(), text="")
        column.operator("deepfake.train", icon="PLAY")
