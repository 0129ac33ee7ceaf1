"""The jobs of this session, the newest first: all that run and the last that ended."""

from typing import Any

import bpy

from .. import session
from ..core import wording
from ..core.board import Entry
from .sidebar import SidebarPanel, paragraph

_SHOWN_ENDED = 3
_ICONS = {"done": "CHECKMARK", "failed": "ERROR", "refused": "LOCKED", "cancelled": "CANCEL"}


class DEEPFAKE_PT_jobs(SidebarPanel):
    bl_idname = "DEEPFAKE_PT_jobs"
    bl_label = "Jobs"

    def fill(self, layout: Any, context: bpy.types.Context) -> None:
        every = session.current().board.entries
        ended = [entry for entry in every if not entry.active][-_SHOWN_ENDED:]
        entries = [entry for entry in every if entry.active or entry in ended]
        if not entries:
            layout.label(text="No jobs yet")
        for entry in reversed(entries):
            _draw_entry(layout.box(), context, entry)


def _draw_entry(box: Any, context: bpy.types.Context, entry: Entry) -> None:
    row = box.row()
    row.label(text=entry.spec.label, icon=_ICONS.get(entry.state, "TIME"))
    buttons = row.row(align=True)
    if entry.log:
        buttons.operator("deepfake.open_log", text="", icon="TEXT", emboss=False).path = entry.log
    if entry.active:
        buttons.operator("deepfake.cancel_job", text="", icon="X", emboss=False).key = entry.key
        stage = "stopping" if entry.stopping.is_set() else entry.stage or entry.state
        text = wording.progress(stage, entry.done, entry.total, entry.seconds_left)
        box.progress(factor=entry.fraction, text=text if entry.total else f"{stage}…")
        if entry.figures:
            shown = list(entry.figures.items())[:3]
            box.label(text="  ".join(f"{name} {value:.4g}" for name, value in shown))
        if entry.spec.note:
            paragraph(box, context, entry.spec.note)
    elif entry.error is not None:
        paragraph(box, context, str(entry.error))
