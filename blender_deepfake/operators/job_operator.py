"""What the operators that send a job have in common."""

from typing import Any

import bpy

from .. import compat, project, session, strips
from ..backend_place import backend_place
from ..core.entry import Entry
from ..core.errors import DeepfakeError
from ..core.runner import JobSpec


class JobOperator(bpy.types.Operator):
    """Sends the job that `spec` describes. In a window it returns at once and `finish` is called when the job
    is done; in background mode it blocks until then.

    In a window the backend may use the edit's own folder `deepfake`, which these buttons write to, from then on; for
    footage and folders elsewhere the panel asks, since an edit can come from anybody.
    """

    def spec(self, context: bpy.types.Context) -> JobSpec:
        raise NotImplementedError

    def finish(self, entry: Entry) -> bool:
        """Called with the finished job after `spec`; False asks to be called again later."""
        return True

    def execute(self, context: bpy.types.Context) -> set[Any]:
        try:
            spec = self.spec(context)
            if session.current().blocking:
                self.finish(session.current().run(spec, backend_place(), lambda entry: None))
            else:
                session.current().submit(spec, self.finisher(), allow=[project.folder()])
        except DeepfakeError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, spec.note or f"{spec.label}: {'done' if session.current().blocking else 'started'}")
        return {"FINISHED"}

    def finisher(self) -> Any:
        """`finish` without the operator: Blender frees an operator when it returns, long before its job ends."""
        return None


def needs_strip(cls: Any, context: bpy.types.Context) -> bool:
    """Poll: an active strip that shows a picture."""
    if strips.has_picture(strips.source_of_active(compat.sequencer_scene(context))):
        return True
    cls.poll_message_set("Select a strip that shows a picture")
    return False
