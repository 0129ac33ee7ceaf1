"""The performer and the identity: their faces, their consent, and the buttons that collect faces."""

from typing import Any

import bpy

from .. import compat, exposure, people, selected_strips, strips
from ..core import faceset_summary, person_choice
from ..core.errors import DeepfakeError
from ..people import Person
from .sidebar import SidebarPanel, paragraph

_RECORD_BUTTONS = 60  # pixels at scale 1 that the two of them take beside a line


class DEEPFAKE_PT_people(SidebarPanel):
    bl_idname = "DEEPFAKE_PT_people"
    bl_label = "People"

    def fill(self, layout: Any, context: bpy.types.Context) -> None:
        scene = compat.sequencer_scene(context)
        chosen = selected_strips.with_picture(scene)
        row = layout.row()
        row.label(text=_selected(chosen), icon="SEQUENCE")
        row.operator("deepfake.refresh_people", text="", icon="FILE_REFRESH", emboss=False)
        for role in people.ROLES:
            try:
                known = people.look(scene, role)
            except DeepfakeError as error:  # a path that is relative to an edit without a file
                paragraph(layout, context, str(error), "ERROR")
                known = Person()
            _draw_person(layout.box(), context, scene.deepfake, role, known, bool(chosen))


def _selected(chosen: list[Any]) -> str:
    if not chosen:
        return "No strip selected"
    return str(chosen[0].name) if len(chosen) == 1 else f"{len(chosen)} strips selected"


def _draw_person(box: Any, context: Any, settings: Any, role: str, known: Person, selected: bool) -> None:
    name = getattr(settings, role)
    row = box.row(align=True)
    row.label(text=role.capitalize())
    row.prop(settings, role, text="", placeholder="Name, a pseudonym")
    if not name:
        paragraph(box, context, "Name this person first.", "BLANK1")
        return
    _draw_faces(box, context, role, known)
    row = box.row(align=True)
    for operator, text, icon in (
        ("extract", "Extract", "USER"),
        ("extract_clip", "", "FILE_MOVIE"),
        ("extract_folder", "", "FILE_FOLDER"),
    ):
        made = row.operator(f"deepfake.{operator}", text=text, icon=icon)
        made.person, made.faceset, made.role = name, getattr(settings, f"{role}_faceset"), role
    _draw_choice(box, getattr(settings, f"{role}_choice"), role)
    _draw_consent(box, context, role, known)
    if known.failure is not None:
        paragraph(box, context, str(known.failure), "ERROR")


def _draw_faces(box: Any, context: Any, role: str, known: Person) -> None:
    if known.faces is None:
        box.label(text="Looking…", icon="TIME")
        return
    if isinstance(known.faces, DeepfakeError):
        paragraph(box, context, str(known.faces), "ERROR")
        return
    if not known.faces.count:
        paragraph(box, context, "No faces yet: select a strip and press Extract, or take a clip or pictures.", "INFO")
        return
    if known.icons:
        grid = box.row(align=True)
        grid.alignment = "CENTER"
        scale = context.preferences.system.ui_scale
        room = max(1, int((context.region.width / scale - 50) / 58))
        for icon in known.icons[:room]:
            grid.template_icon(icon_value=icon, scale=2.8)
    row = box.row()
    row.label(text=faceset_summary.counted(known.faces.count), icon="OUTLINER_OB_IMAGE")
    working = "coverage" in known.busy
    button = row.row()
    button.enabled = not working
    button.operator("deepfake.show_coverage", text="Looking…" if working else "Coverage").role = role
    _draw_coverage(box, context, role, known)


def _draw_coverage(box: Any, context: Any, role: str, known: Person) -> None:
    found = known.coverage
    if found is None:
        return
    column = box.column(align=True)
    for line in found.lines:
        paragraph(column, context, line, "BLANK1")
    if not found.compared:
        return
    if not found.missing:
        paragraph(column, context, "Shows all that the performer does.", "CHECKMARK")
        return
    paragraph(column, context, "Lacks of what the performer does:", "INFO")
    for line in found.missing:
        paragraph(column, context, line, "BLANK1")


def _draw_consent(box: Any, context: Any, role: str, known: Person) -> None:
    state = known.consent
    if "record" in known.busy or state is None:
        box.label(text="Signing the record…" if "record" in known.busy else "Looking for consent…", icon="TIME")
        return
    if isinstance(state, DeepfakeError):
        paragraph(box, context, f"Consent is not known: {state}", "ERROR")
        return
    if state.valid:
        row = box.row()
        taken = _RECORD_BUTTONS * context.preferences.system.ui_scale / context.region.width
        paragraph(row, context, state.text, "CHECKMARK", share=1 - taken)
        _draw_record_buttons(row, role, named=False)
        return
    column = box.column(align=True)
    column.alert = True
    paragraph(column, context, state.text, "LOCKED")
    column = box.column(align=True)
    if state.state == "missing":
        whose = (
            "the performer too: whose face is covered" if role == "performer" else "the identity: whose face is shown"
        )
        paragraph(column, context, f"Nothing is done without a record of {whose}.", "BLANK1")
    else:
        paragraph(column, context, f"{state.detail} {state.fix}".strip(), "BLANK1")
    _draw_record_buttons(box, role, named=True)


def _draw_record_buttons(layout: Any, role: str, *, named: bool) -> None:
    row = layout.row(align=True)
    row.operator("deepfake.make_consent", text="Make Record" if named else "", icon="FILE_NEW").role = role
    row.operator("deepfake.attach_consent", text="Attach" if named else "", icon="LINKED")


def _draw_choice(column: Any, choice: Any, role: str) -> None:
    """Who of the people in the footage it is."""
    row = column.row(align=True)
    row.prop(choice, "who")
    if choice.who == "NUMBERS":
        row.prop(choice, "numbers", text="", placeholder="1,3")
    elif choice.who == "PICTURE":
        column.prop(choice, "picture", text="", placeholder="Picture of this person")
    elif choice.who == "POINT":
        row.operator("deepfake.pick_person", text="Point", icon="EYEDROPPER").role = role.upper()
        column.label(text=person_choice.described(choice.point) or "nobody yet", icon="BLANK1")


class DEEPFAKE_PT_consent(SidebarPanel):
    bl_idname = "DEEPFAKE_PT_consent"
    bl_label = "Project and Consent"
    bl_parent_id = "DEEPFAKE_PT_people"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012  Blender wants a plain set

    def fill(self, layout: Any, context: bpy.types.Context) -> None:
        settings = compat.sequencer_scene(context).deepfake
        layout.use_property_split = True
        layout.use_property_decorate = False
        column = layout.column()
        column.prop(settings, "project", placeholder="Of the environment")
        column.prop(settings, "shot", placeholder="Name of the strip")
        column.prop(settings, "consent", text="Records", placeholder="Your own only")


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
        column.prop(settings, "smallest_face")
        column.prop(settings, "landmark_model")
        if settings.landmark_model == "fan":
            column.prop(settings, "fan_weights", placeholder="In the torch hub folder")
        column.prop(settings, "smooth")
        column.prop(settings, "average")
        strip = strips.source_of_active(compat.sequencer_scene(context))
        if strips.has_picture(strip):
            column.prop(strip, exposure.NAME)
        column = layout.column()
        for role in people.ROLES:
            column.prop(settings, f"{role}_faceset", placeholder="Beside the edit")
