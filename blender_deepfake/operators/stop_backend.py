"""Stop the backend."""

from typing import Any

import bpy

from .. import session
from ..backend_place import backend_place


class DEEPFAKE_OT_stop_backend(bpy.types.Operator):
    bl_idname = "deepfake.stop_backend"
    bl_label = "Stop Backend"
    bl_description = "Stop the backend. Jobs that run are paused first, and can be resumed when it runs again"

    def execute(self, context: bpy.types.Context) -> set[Any]:
        current = session.current()
        if current.blocking:
            current.backend_at(backend_place()).stop()
        else:
            current.stop_backend()
        return {"FINISHED"}
