"""Masks of what covers a face: paint a few, have the rest made."""

from typing import Any

import bpy

from .. import compat, mask_painting, repairing, session
from ..core import mask_files
from ..core.errors import DeepfakeError
from .sidebar import SidebarPanel, paragraph


class DEEPFAKE_PT_masks(SidebarPanel):
    bl_idname = "DEEPFAKE_PT_masks"
    bl_label = "Masks"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012  Blender wants a plain set

    def fill(self, layout: Any, context: bpy.types.Context) -> None:
        scene = compat.sequencer_scene(context)
        settings = scene.deepfake
        layout.row().prop(settings, "repair_role", expand=True)
        try:
            painted = len(mask_files.painted(repairing.faceset(scene)))
        except DeepfakeError as error:
            paragraph(layout, context, str(error), "ERROR")
            return
        column = layout.column(align=True)
        column.operator("deepfake.paint_mask", text="Paint Next Mask", icon="BRUSH_DATA").which = "UNPAINTED"
        column.operator("deepfake.paint_mask", text="Paint Face of This Frame", icon="TIME").which = "SHOWN"
        column.label(text="1 mask painted" if painted == 1 else f"{painted or 'No'} masks painted")
        if not painted:
            advice = "Paint some faces that something covers, train, then tick Keep What Covers the Face under Swap."
            paragraph(layout, context, advice, "INFO")
        column = layout.column()
        column.prop(settings, "mask_model", text="", placeholder="Mask model beside the edit")
        row = column.row(align=True)
        row.operator("deepfake.train_mask", icon="PLAY")
        row.prop(settings, "mask_minutes")
        column.operator("deepfake.apply_masks", icon="MOD_MASK")


class DEEPFAKE_PT_mask_image(bpy.types.Panel):
    """Beside the mask that is painted."""

    bl_idname = "DEEPFAKE_PT_mask_image"
    bl_label = "Mask of a Face"
    bl_space_type = "IMAGE_EDITOR"
    bl_region_type = "UI"
    bl_category = "Deepfake"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        space: Any = context.space_data
        return mask_painting.of_image(space.image) is not None

    def draw(self, context: bpy.types.Context) -> None:
        layout: Any = self.layout
        painting = mask_painting.current(context)
        if painting is None:
            return
        layout.label(text=painting.name, icon="USER")
        row = layout.row(align=True)
        row.operator("deepfake.brush_colour", text="Covered", icon="CANCEL").covered = True
        row.operator("deepfake.brush_colour", text="Seen", icon="HIDE_OFF").covered = False
        layout.operator("deepfake.use_drawn_mask", icon="MOD_MASK")
        layout.operator("deepfake.save_mask", icon="FILE_TICK")
        row = layout.row(align=True)
        row.operator("deepfake.paint_mask", text="Previous", icon="TRIA_LEFT").which = "PREVIOUS"
        row.operator("deepfake.paint_mask", text="Next", icon="TRIA_RIGHT").which = "NEXT"
        layout.operator("deepfake.paint_mask", text="Next Without Mask", icon="BRUSH_DATA").which = "UNPAINTED"
        if session.current().failure:
            paragraph(layout, context, session.current().failure, "ERROR")
