"""Train a model on the two people: which one, how long, and how far it is."""

from pathlib import Path
from typing import Any

import bpy

from .. import compat, project, trainings
from ..core import training_controls
from ..core.errors import DeepfakeError
from ..core.model_folders import ModelSummary
from ..trainings import Looked
from .sidebar import SidebarPanel, paragraph

_SHOWN = 6


class DEEPFAKE_PT_train(SidebarPanel):
    bl_idname = "DEEPFAKE_PT_train"
    bl_label = "Train"

    def fill(self, layout: Any, context: bpy.types.Context) -> None:
        scene = compat.sequencer_scene(context)
        settings = scene.deepfake
        try:
            known = trainings.look(scene)
            chosen = project.model(settings.model)
        except DeepfakeError as error:
            paragraph(layout, context, str(error), "ERROR")
            return
        looked = known.looked
        if isinstance(looked, DeepfakeError):
            paragraph(layout, context, str(looked), "ERROR")
            looked = None
        _draw_models(layout, context, looked, chosen, known.doing)
        if known.failure is not None:
            paragraph(layout, context, str(known.failure), "ERROR")
        layout.prop(settings, "model", text="", placeholder="Model beside the edit")
        exists = looked is not None and looked.chosen.newest is not None
        column = layout.column()
        if exists:
            paragraph(column, context, "Keeps the preset it was begun with", "BLANK1")
        else:
            column.prop(settings, "preset", text="")
            said = next(text for word, _, text in training_controls.PRESETS if word == settings.preset)
            paragraph(column, context, said, "BLANK1")
        row = layout.row(align=True)
        row.prop(settings, "limit", text="")
        row.prop(settings, settings.limit.lower(), text="")
        row = layout.row()
        row.enabled = bool(settings.performer and settings.identity)
        row.operator("deepfake.train", text="Continue Training" if exists else "Train", icon="PLAY")
        if not settings.identity:
            paragraph(layout, context, "Name the identity under People first.", "INFO")


def _draw_models(layout: Any, context: Any, looked: Looked | None, chosen: Path, doing: str) -> None:
    box = layout.box()
    models = looked.models if looked else ()
    shown = list(models[:_SHOWN])
    if looked and all(model.folder != chosen for model in shown):
        shown.insert(0, looked.chosen)
    for model in shown:
        _draw_model(box, context, model, model.folder == chosen)
    if len(models) > _SHOWN:
        box.label(text=f"and {len(models) - _SHOWN} more in deepfake/models", icon="BLANK1")
    trained = bool(looked and looked.chosen.newest)
    column = box.column(align=True)
    row = column.row(align=True)
    row.operator("deepfake.new_model", text="New", icon="ADD")
    forked = row.row(align=True)
    forked.enabled = trained
    forked.operator("deepfake.fork_model", text="Fork", icon="DUPLICATE")
    row = column.row(align=True)
    row.enabled = trained
    row.menu("DEEPFAKE_MT_checkpoints", text="Go Back", icon="LOOP_BACK")
    if doing:
        box.label(text=f"{doing}…", icon="TIME")


def _draw_model(box: Any, context: Any, model: ModelSummary, chosen: bool) -> None:
    column = box.column(align=True)
    row = column.row()
    row.alignment = "LEFT"
    icon = "RADIOBUT_ON" if chosen else "RADIOBUT_OFF"
    row.operator("deepfake.choose_model", text=model.folder.name, icon=icon, emboss=False).model = str(model.folder)
    if model.newest is None:
        paragraph(column, context, "No checkpoint yet" if model.report else "Not trained yet", "BLANK1")
    else:
        paragraph(column, context, model.line, "BLANK1")
    if not chosen:
        return
    if model.report is not None:
        loss = "" if model.report.loss is None else f", loss {model.report.loss:.4g}"
        saved = model.newest.iteration if model.newest else 0  # the last iterations may have no report
        column.label(text=f"Now at {max(model.report.iteration, saved)}{loss}", icon="BLANK1")
    if model.preview is None and model.report is None:
        return
    row = column.row(align=True)
    for what, text, icon, there in (
        ("PICTURES", "Pictures", "IMAGE_DATA", model.preview),
        ("CURVE", "Curve", "FCURVE", model.report),
    ):
        button = row.row(align=True)
        button.enabled = there is not None
        button.operator("deepfake.show_training", text=text, icon=icon).what = what


class DEEPFAKE_MT_checkpoints(bpy.types.Menu):
    """The checkpoints of the chosen model, the newest first."""

    bl_idname = "DEEPFAKE_MT_checkpoints"
    bl_label = "Checkpoints"
    bl_description = "Go back to an older checkpoint of this model"

    def draw(self, context: bpy.types.Context) -> None:
        layout: Any = self.layout
        layout.operator_context = "INVOKE_DEFAULT"
        looked = trainings.known().looked
        older = looked.checkpoints[1:] if isinstance(looked, Looked) else ()
        if not older:
            layout.label(text="There is no older checkpoint")
        for checkpoint in older:
            loss = "" if checkpoint.loss is None else f", loss {checkpoint.loss:.4g}"
            text = f"{checkpoint.iteration}: {checkpoint.date}, {checkpoint.minutes:.0f} min{loss}"
            layout.operator("deepfake.roll_back_model", text=text).iteration = checkpoint.iteration
