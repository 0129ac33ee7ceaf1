"""Start the backend, or attach to the one that runs."""

from typing import Any

import bpy

from .. import session
from ..backend_place import backend_place
from ..core.errors import DeepfakeError


class DEEPFAKE_OT_start_backend(bpy.types.Operator):
    bl_idname = "deepfake.start_backend"
    bl_label = "Start Backend"
    bl_description = "Start the backend, or attach to the one that runs already, and show its jobs"

    def execute(self, context: bpy.types.Context) -> set[Any]:
        current = session.current()
        if not current.blocking:
            current.start_backend()
            return {"FINISHED"}
        try:
            current.backend_at(backend_place()).connect()
            current.attach()
        except DeepfakeError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}
