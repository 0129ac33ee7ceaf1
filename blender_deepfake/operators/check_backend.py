"""Have the backend examine itself and this machine."""

from typing import Any

import bpy

from .. import session
from ..core.doctor import Diagnosis
from ..core.errors import DeepfakeError


class DEEPFAKE_OT_check_backend(bpy.types.Operator):
    bl_idname = "deepfake.check_backend"
    bl_label = "Check Backend"
    bl_description = (
        "Find the backend and have it examine itself: device, memory, versions, models and speed, and what to do "
        "about what is wrong. Takes up to two minutes"
    )

    def execute(self, context: bpy.types.Context) -> set[Any]:
        current = session.current()
        try:
            current.check()
        except DeepfakeError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        found = current.diagnosis
        if isinstance(found, Diagnosis):  # without a window it is here already
            for check in found.checks:
                self.report(
                    {"INFO"} if check.state == "ok" else {"WARNING"}, f"{check.name}: {check.value} {check.fix}"
                )
        return {"FINISHED"}
