"""Let a paused job go on."""

import bpy

from .. import session
from ..core.entry import Entry
from .job_button import JobButton


class DEEPFAKE_OT_resume_job(JobButton, bpy.types.Operator):
    bl_idname = "deepfake.resume_job"
    bl_label = "Resume Job"
    bl_description = "Put this job into the queue again. It goes on where it was paused"

    def act(self, current: session.Session, entry: Entry) -> None:
        current.act(lambda client: client.resume(entry.job_id))
