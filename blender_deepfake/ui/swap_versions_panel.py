"""The versions of the swap of the active strip, and how it is compared with the plate."""

from typing import Any

import bpy

from .. import compare, compat, evaluations, strips, swap_versions
from ..compat import Scene, Strip
from ..core import swap_folders
from ..core.errors import DeepfakeError
from .sidebar import SidebarPanel, paragraph

_MODES = ((compare.OFF, "Swap"), (compare.PLATE, "Plate"), (compare.WIPE, "Wipe"), (compare.DIFFERENCE, "Difference"))


def _active(context: bpy.types.Context) -> tuple[Scene, Strip, Strip | None] | None:
    scene = compat.sequencer_scene(context)
    try:
        return (scene, *swap_versions.source_and_result(scene))
    except DeepfakeError:
        return None


class DEEPFAKE_PT_swap_versions(SidebarPanel):
    bl_idname = "DEEPFAKE_PT_swap_versions"
    bl_label = "Versions"
    bl_parent_id = "DEEPFAKE_PT_swap"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _active(context) is not None

    def fill(self, layout: Any, context: bpy.types.Context) -> None:
        found = _active(context)
        if found is None:
            return
        scene, strip, _ = found
        identity, shown = scene.deepfake.identity, swap_versions.shown(strip)
        folders = swap_versions.of_strip(strip, identity)
        if not folders:
            paragraph(layout, context, "No swap of this strip yet.")
            return
        if shown is not None and not shown.is_dir():
            paragraph(layout, context, f"The pictures of {shown.name} are missing.", icon="ERROR")
            layout.operator("deepfake.find_swaps", icon="VIEWZOOM")
        column = layout.column(align=True)
        for folder in folders:
            _draw_version(column, context, folder, folder == shown)
        chosen = str(strip.get(strips.CURRENT) or "")
        if chosen and chosen not in [folder.name for folder in folders]:
            paragraph(layout, context, f"The next swap is {chosen[-4:]}.", icon="ADD")
        grid = layout.grid_flow(row_major=True, columns=2, even_columns=True, align=True)
        grid.enabled = shown is not None
        grid.operator("deepfake.update_swap", icon="FILE_REFRESH", text="Update").thoroughly = False
        grid.operator("deepfake.update_swap", icon="FILE_REFRESH", text="Thoroughly").thoroughly = True
        layout.operator("deepfake.swap_version_new", icon="ADD")
        if shown is not None:
            layout.operator("deepfake.evaluate_swap", icon="VIEWZOOM").folder = ""


def _draw_version(layout: Any, context: Any, folder: Any, is_shown: bool) -> None:
    box = layout.box()
    known = swap_versions.summary(folder)
    row = box.row()
    title = known.title if known else f"v{swap_folders.number(folder):03d}"
    icon = "RADIOBUT_ON" if is_shown else "RADIOBUT_OFF"
    name = row.row()
    name.alignment = "LEFT"
    name.operator("deepfake.swap_version_show", text=title, icon=icon, emboss=False).folder = str(folder)
    end = row.row(align=True)
    end.alignment = "RIGHT"
    if report := evaluations.report_of(folder):
        end.operator("deepfake.open_report", text="", icon="DOCUMENTS", emboss=False).path = str(report)
    if not is_shown and not swap_versions.is_being_made(folder):
        end.operator("deepfake.swap_version_delete", text="", icon="TRASH", emboss=False).folder = str(folder)
    paragraph(box, context, known.line if known else "Reading …")


class DEEPFAKE_PT_compare(SidebarPanel):
    bl_idname = "DEEPFAKE_PT_compare"
    bl_label = "Compare"
    bl_parent_id = "DEEPFAKE_PT_swap"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        found = _active(context)
        return found is not None and found[2] is not None

    def fill(self, layout: Any, context: bpy.types.Context) -> None:
        found = _active(context)
        result = found[2] if found else None
        if result is None:
            return
        now = compare.mode(result)
        grid = layout.grid_flow(row_major=True, columns=2, even_columns=True, align=True)
        for mode, label in _MODES:
            grid.operator("deepfake.compare_swap", text=label, depress=mode == now).mode = mode
        if now == compare.WIPE:
            manager: Any = context.window_manager
            layout.prop(manager.deepfake_compare, "position", slider=True)
