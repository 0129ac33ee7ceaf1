"""Ask a job to stop."""

from typing import TYPE_CHECKING, Any

import bpy

from .. import session


class DEEPFAKE_OT_cancel_job(bpy.types.Operator):
    bl_idname = "deepfake.cancel_job"
    bl_label = "Cancel Job"
    bl_description = "Stop this job at its next safe point. What is finished is kept, and the job can continue later"

    if TYPE_CHECKING:
        key: int
    else:
        key: bpy.props.IntProperty(name="Job", description="Number of the job in the list")

    def execute(self, context: bpy.types.Context) -> set[Any]:
        current = session.current()
        for entry in current.board.entries:
            if entry.key == self.key and entry.active:
                current.board.cancel(entry, current.client)
                return {"FINISHED"}
        self.report({"WARNING"}, "This job has ended already")
        return {"CANCELLED"}
