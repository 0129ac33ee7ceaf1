"""Move a job of the queue up or down."""

from typing import TYPE_CHECKING

import bpy

from .. import session
from ..core.entry import Entry
from ..core.errors import UsageError
from ..core.queue_order import before_after_move
from .job_button import JobButton

_DIRECTIONS = [
    ("UP", "Up", "Run this job before the one that is above it in the queue"),
    ("DOWN", "Down", "Run this job after the one that is below it in the queue"),
]


class DEEPFAKE_OT_move_job(JobButton, bpy.types.Operator):
    bl_idname = "deepfake.move_job"
    bl_label = "Move Job"
    bl_description = "Run this job earlier or later"

    if TYPE_CHECKING:
        direction: str
    else:
        direction: bpy.props.EnumProperty(name="Direction", description="Where to move the job", items=_DIRECTIONS)

    @classmethod
    def description(cls, context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        direction = getattr(properties, "direction", "UP")
        return next(text for identifier, _, text in _DIRECTIONS if identifier == direction)

    def act(self, current: session.Session, entry: Entry) -> None:
        queue = [waiting.job_id for waiting in current.board.queue]
        try:
            before = before_after_move(queue, entry.job_id, self.direction == "UP")
        except ValueError as error:
            raise UsageError("This job cannot be moved further, or does not wait in the queue.") from error
        current.act(lambda client: client.move(entry.job_id, before))
