"""What the buttons of a job in the list have in common."""

from typing import TYPE_CHECKING, Any

import bpy

from .. import session
from ..core.entry import Entry
from ..core.errors import DeepfakeError


class JobButton:
    """Mixed into operators that do something to one job; `act` does it. Without a window it blocks."""

    if TYPE_CHECKING:
        key: int
        job: str
    else:
        key: bpy.props.IntProperty(name="Entry", description="Number of the job in the list")
        job: bpy.props.StringProperty(
            name="Job", description="The backend's name for the job. Empty: the job is named by its number in the list"
        )

    def act(self, current: session.Session, entry: Entry) -> None:
        raise NotImplementedError

    def execute(self: Any, context: bpy.types.Context) -> set[Any]:
        current = session.current()
        try:
            if self.job and current.blocking:
                current.attach()
            entry = current.board.find(self.key, self.job)
            if entry is None:
                self.report({"WARNING"}, "This job is no longer in the list")
                return {"CANCELLED"}
            self.act(current, entry)
        except DeepfakeError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}
