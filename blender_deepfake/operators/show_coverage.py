"""Show which poses and expressions a person's faces have."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from .. import compat, image_window, people
from ..core.errors import DeepfakeError, UsageError

IMAGE = "Face Coverage"


class DEEPFAKE_OT_show_coverage(bpy.types.Operator):
    bl_idname = "deepfake.show_coverage"
    bl_label = "Coverage"
    bl_description = (
        "Say which poses and expressions the faces show; of the identity also what it lacks of the performer's, with a "
        "picture in an Image Editor"
    )

    if TYPE_CHECKING:
        role: str
    else:
        role: bpy.props.StringProperty(name="Role", description="Performer or identity")

    def execute(self, context: bpy.types.Context) -> set[Any]:
        scene = compat.sequencer_scene(context)
        try:
            if self.role not in people.ROLES:
                raise UsageError(f"{self.role!r} is no role.", "Say performer or identity.")
            people.find_coverage(scene, self.role, _show)
            failure = people.person(self.role).failure
            if bpy.app.background and failure is not None:
                raise failure
        except DeepfakeError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


def _show(picture: Path) -> None:
    image: Any = bpy.data.images.get(IMAGE)
    if image is None:
        image = bpy.data.images.load(str(picture), check_existing=False)
        image.name = IMAGE
    image.filepath = str(picture)
    image.reload()
    image_window.show(bpy.context, image)
