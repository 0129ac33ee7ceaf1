"""Take an ended job off the list."""

import bpy

from .. import session
from ..core.entry import Entry
from .job_button import JobButton


class DEEPFAKE_OT_remove_job(JobButton, bpy.types.Operator):
    bl_idname = "deepfake.remove_job"
    bl_label = "Remove Job"
    bl_description = "Take this job off the list and delete its log. What it made stays"

    def act(self, current: session.Session, entry: Entry) -> None:
        if entry.job_id:
            current.act(lambda client: client.remove(entry.job_id))
        else:
            current.board.remove(entry)
