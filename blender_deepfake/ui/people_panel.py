"""The performer and the identity, and the buttons that collect their faces from the active strip."""

from typing import Any

import bpy

from .. import compat, strips
from ..core import person_choice
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
            operator.role = role
            column.prop(settings, f"{role}_faceset", text="", placeholder="Faces beside the edit")
            _draw_choice(column, getattr(settings, f"{role}_choice"), role)
        layout.prop(settings, "consent", text="", placeholder="Consent records of this project")


def _draw_choice(column: Any, choice: Any, role: str) -> None:
    """Who of the people in the strip it is."""
    row = column.row(align=True)
    row.prop(choice, "who", text="")
    if choice.who == "NUMBERS":
        row.prop(choice, "numbers", text="", placeholder="1,3")
    elif choice.who == "PICTURE":
        column.prop(choice, "picture", text="", placeholder="Picture of this person")
    elif choice.who == "POINT":
        row.operator("deepfake.pick_person", text="Point", icon="EYEDROPPER").role = role.upper()
        column.label(text=person_choice.described(choice.point) or "nobody yet", icon="BLANK1")


class DEEPFAKE_PT_extraction(SidebarPanel):
    bl_idname = "DEEPFAKE_PT_extraction"
    bl_label = "Extraction"
    bl_parent_id = "DEEPFAKE_PT_people"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012  Blender wants a plain set

    def fill(self, layout: Any, context: bpy.types.Context) -> None:
        settings = compat.sequencer_scene(context).deepfake
        layout.use_property_split = True
        layout.use_property_decorate = False
        column = layout.column()
        column.prop(settings, "framing")
        column.prop(settings, "crop_size")
        column.prop(settings, "landmark_model")
        if settings.landmark_model == "fan":
            column.prop(settings, "fan_weights", placeholder="In the torch hub folder")
        column.prop(settings, "smooth")
        column.prop(settings, "average")
