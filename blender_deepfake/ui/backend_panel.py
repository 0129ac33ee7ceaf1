"""Is the backend there, what is it, and the buttons to start, stop and check it."""

from typing import Any

import bpy

from .. import render_handlers, session
from ..core import wording
from .diagnosis import draw_diagnosis
from .sidebar import SidebarPanel, paragraph


class DEEPFAKE_PT_backend(SidebarPanel):
    bl_idname = "DEEPFAKE_PT_backend"
    bl_label = "Backend"

    def fill(self, layout: Any, context: bpy.types.Context) -> None:
        current = session.current()
        current.look()
        running = current.backend is not None and current.backend.answering
        row = layout.row(align=True)
        if current.pending:
            row.label(text=f"{current.pending}…", icon="TIME")
        elif running:
            row.label(text=_running(current), icon="CHECKMARK")
            row.operator("deepfake.stop_backend", text="", icon="QUIT")
        else:
            row.label(text="Not running", icon="RADIOBUT_OFF")
            row.operator("deepfake.start_backend", text="Start", icon="PLAY")
        check = row.row(align=True)
        check.enabled = not current.checking
        check.operator("deepfake.check_backend", text="", icon="VIEWZOOM")
        row.operator("deepfake.open_log", text="", icon="TEXT").path = ""
        if current.checking:
            layout.label(text="Checking the backend…", icon="TIME")
        if current.left_over and not running and not current.pending:
            what = "1 job waits" if current.left_over == 1 else f"{current.left_over} jobs wait"
            paragraph(layout, context, f"{what} here. Start the backend to see and resume them.", "INFO")
        if current.failure and not current.pending:
            paragraph(layout, context, current.failure, "ERROR")
        signing = render_handlers.signing()
        if signing.text:
            paragraph(layout, context, signing.text, signing.icon)
        if current.diagnosis is not None:
            draw_diagnosis(layout.box(), context, current.diagnosis, devices=not running)


def _running(current: session.Session) -> str:
    status = current.backend.status if current.backend else {}
    devices = status.get("devices") or []
    if devices:
        return f"{devices[0].get('label')}, {wording.memory(float(devices[0].get('memory_mb') or 0))}"
    return f"Running on {status['device']}" if status.get("device") else "Running"
