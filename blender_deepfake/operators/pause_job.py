"""Ask a job to pause."""

import bpy

from .. import session
from ..core.entry import Entry
from .job_button import JobButton


class DEEPFAKE_OT_pause_job(JobButton, bpy.types.Operator):
    bl_idname = "deepfake.pause_job"
    bl_label = "Pause Job"
    bl_description = "Stop this job at its next safe point and free the device. Resume goes on from there"

    def act(self, current: session.Session, entry: Entry) -> None:
        current.act(lambda client: client.pause(entry.job_id))
