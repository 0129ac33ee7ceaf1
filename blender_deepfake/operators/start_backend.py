"""Start the backend, or attach to the one that runs."""

from typing import Any

import bpy

from .. import session
from ..core.errors import DeepfakeError
from ..preferences import backend_place


class DEEPFAKE_OT_start_backend(bpy.types.Operator):
    bl_idname = "deepfake.start_backend"
    bl_label = "Start Backend"
    bl_description = "Start the backend, or attach to the one that runs already"

    def execute(self, context: bpy.types.Context) -> set[Any]:
        current = session.current()
        if not bpy.app.background:
            current.start_backend()
            return {"FINISHED"}
        try:
            current.backend_at(backend_place()).connect()
        except DeepfakeError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}
