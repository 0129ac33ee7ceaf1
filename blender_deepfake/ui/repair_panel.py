"""Mend what was found wrongly in the frame that is shown."""

from typing import Any

import bpy

from .. import compat, repairing
from ..core import repairs
from ..core.errors import DeepfakeError
from .sidebar import SidebarPanel, paragraph


class DEEPFAKE_PT_repair(SidebarPanel):
    bl_idname = "DEEPFAKE_PT_repair"
    bl_label = "Repair"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012  Blender wants a plain set

    def fill(self, layout: Any, context: bpy.types.Context) -> None:
        scene = compat.sequencer_scene(context)
        layout.row().prop(scene.deepfake, "repair_role", expand=True)
        grid = layout.grid_flow(columns=2, even_columns=True, align=True)
        for name, text, icon in (
            ("add_face", "Add", "ADD"),
            ("delete_face", "Delete", "TRASH"),
            ("move_face", "Move", "EMPTY_ARROWS"),
            ("correct_landmarks", "Landmarks", "OUTLINER_DATA_POINTCLOUD"),
        ):
            grid.operator_context = "INVOKE_DEFAULT"
            grid.operator(f"deepfake.{name}", text=text, icon=icon)
        try:
            count = len(repairs.read(repairing.faceset(scene)))
        except DeepfakeError as error:
            paragraph(layout, context, str(error), "ERROR")
            return
        if count:
            row = layout.row()
            row.label(text="1 repair" if count == 1 else f"{count} repairs", icon="MODIFIER")
            row.operator("deepfake.undo_repair", text="Take Back", icon="LOOP_BACK")
            paragraph(layout, context, "Extract again to apply them.")
