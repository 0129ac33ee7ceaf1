"""Show the swap of the frame under the playhead."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import bpy

from .. import compat, image_window, previewing, project, session, strips, swap_specs
from ..backend_place import backend_place
from ..core import roots
from ..core.errors import DeepfakeError
from .job_operator import needs_strip

IMAGE = "Swap Preview"


class DEEPFAKE_OT_preview_swap(bpy.types.Operator):
    bl_idname = "deepfake.preview_swap"
    bl_label = "Preview Frame"
    bl_description = (
        "Swap the face in the frame under the playhead alone, with the settings as they are there, and show it in an "
        "Image Editor"
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if previewing.state().making:
            cls.poll_message_set("A preview is being made")
            return False
        return needs_strip(cls, context)

    def execute(self, context: bpy.types.Context) -> set[Any]:
        """In a window it returns at once, and the picture opens when it is there; else it blocks until then."""
        scene = compat.sequencer_scene(context)
        strip, settings = strips.source_of_active(scene), scene.deepfake
        current, frame = session.current(), scene.frame_current
        try:
            out = project.preview(strip, settings.identity)
            spec = swap_specs.preview(scene, strip, swap_specs.of_panel(settings), frame, out)
            out.parent.mkdir(parents=True, exist_ok=True)
            work = _work(current, spec)
        except DeepfakeError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        previewing.state().begin(strips.uid_of(strip))
        current.ask(work, partial(_end, out, frame))
        said = previewing.state()
        if current.blocking and said.said:
            self.report({"ERROR" if said.failed else "WARNING"}, said.said)
            return {"CANCELLED" if said.failed else "FINISHED"}
        self.report({"INFO"}, spec.note or "Making the preview")
        return {"FINISHED"}


def _work(current: session.Session, spec: swap_specs.PreviewSpec) -> Callable[[], dict[str, Any]]:
    """Makes the preview, touching nothing of Blender's."""
    backend = current.backend_at(backend_place())
    allow = roots.needed(previewing.written(spec)) if current.blocking else [project.folder()]
    return lambda: previewing.make(backend, spec, allow, current.is_closing)


def _end(out: Path, frame: int, told: dict[str, Any] | DeepfakeError) -> None:
    previewing.state().end(frame, told)
    if isinstance(told, DeepfakeError):
        return
    image: Any = bpy.data.images.get(IMAGE)
    if image is None:
        image = bpy.data.images.load(str(out), check_existing=False)
        image.name = IMAGE
    image.filepath = str(out)
    image.reload()
    image_window.show(bpy.context, image)
