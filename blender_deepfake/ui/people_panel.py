"""The performer and the identity, and the buttons that collect their faces from the active strip."""

from typing import Any

import bpy

from .. import compat, strips
from .sidebar import SidebarPanel


class DEEPFAKE_PT_people(SidebarPanel):
    bl_idname = "DEEPFAKE_PT_people"
    bl_label = "People"

    def fill(self, layout: Any, context: bpy.types.Context) -> None:
        scene = compat.sequencer_scene(context)
        settings, strip = scene.deepfake, strips.active(scene)
        name = strip.name if strips.has_picture(strip) else "no strip selected"
        layout.label(text=name, icon="SEQUENCE")
        for role in ("performer", "identity"):
            column = layout.column(align=True)
            column.label(text=role.capitalize())
            row = column.row(align=True)
            row.prop(settings, role, text="")
            extract = row.row(align=True)
            extract.enabled = bool(getattr(settings, role))
            operator = extract.operator("deepfake.extract", text="Extract", icon="USER")
            operator.person = getattr(settings, role)
            operator.faceset = getattr(settings, f"{role}_faceset")
            column.prop(settings, f"{role}_faceset", text="", placeholder="Faces beside the edit")
        layout.prop(settings, "consent", text="", placeholder="Consent records of this project")
