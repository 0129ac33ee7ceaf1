"""Ask a job to stop."""

import bpy

from .. import session
from ..core.entry import Entry
from .job_button import JobButton


class DEEPFAKE_OT_cancel_job(JobButton, bpy.types.Operator):
    bl_idname = "deepfake.cancel_job"
    bl_label = "Cancel Job"
    bl_description = "Stop this job at its next safe point. What is finished is kept, and the job can be retried later"

    def act(self, current: session.Session, entry: Entry) -> None:
        current.cancel(entry)
