"""Try an ended job again."""

import bpy

from .. import session
from ..core.entry import Entry
from .job_button import JobButton


class DEEPFAKE_OT_retry_job(JobButton, bpy.types.Operator):
    bl_idname = "deepfake.retry_job"
    bl_label = "Retry Job"
    bl_description = "Put this job into the queue again. It goes on where it ended"

    def act(self, current: session.Session, entry: Entry) -> None:
        current.act(lambda client: client.retry(entry.job_id))
