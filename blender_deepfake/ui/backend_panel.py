"""Is the backend there, and the buttons to start and stop it."""

from typing import Any

import bpy

from .. import session
from .sidebar import SidebarPanel, paragraph


class DEEPFAKE_PT_backend(SidebarPanel):
    bl_idname = "DEEPFAKE_PT_backend"
    bl_label = "Backend"

    def fill(self, layout: Any, context: bpy.types.Context) -> None:
        current = session.current()
        row = layout.row(align=True)
        if current.pending:
            row.label(text=f"{current.pending}…", icon="TIME")
        elif current.backend is not None and current.backend.answering:
            status = current.backend.status
            device = status.get("device")
            row.label(text=f"Running on {device}" if device else "Running", icon="CHECKMARK")
            row.operator("deepfake.stop_backend", text="", icon="PAUSE")
        else:
            row.label(text="Not running", icon="RADIOBUT_OFF")
            row.operator("deepfake.start_backend", text="Start", icon="PLAY")
        row.operator("deepfake.open_log", text="", icon="TEXT").path = ""
        if current.failure and not current.pending:
            paragraph(layout, context, current.failure, "ERROR")
