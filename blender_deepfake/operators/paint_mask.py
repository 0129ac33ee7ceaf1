"""Open a face's mask to paint on."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from .. import compat, mask_painting, repairing
from ..core.errors import DeepfakeError, UsageError

_WHICH = [
    ("UNPAINTED", "Next Without Mask", "A face without a mask, so that the masks spread over all faces"),
    ("SHOWN", "In This Frame", "The face in the frame that the active strip shows; of several the first"),
    ("NEXT", "Next", "The face after the one that is being painted"),
    ("PREVIOUS", "Previous", "The face before the one that is being painted"),
    ("NAMED", "Named", "The face with the given file name"),
]


class DEEPFAKE_OT_paint_mask(bpy.types.Operator):
    bl_idname = "deepfake.paint_mask"
    bl_label = "Paint Mask"
    bl_description = (
        "Open a face in an Image Editor to paint over what covers it: hands, hair, microphones. The mask that "
        "is open is saved"
    )
    bl_options = {"UNDO"}  # noqa: RUF012  Blender wants a plain set

    if TYPE_CHECKING:
        which: str
        face: str
        faceset: str
    else:
        which: bpy.props.EnumProperty(name="Which", description="Which face to open", items=_WHICH)
        face: bpy.props.StringProperty(name="Face", description="File name of the face's picture in the faceset")
        faceset: bpy.props.StringProperty(
            name="Faceset", description="Folder of the faces. Empty: of the person chosen in the panel"
        )

    @classmethod
    def description(cls, context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        texts = {identifier: text for identifier, _, text in _WHICH}
        return f"{cls.bl_description}. {texts.get(getattr(properties, 'which', ''), '')}"

    def execute(self, context: bpy.types.Context) -> set[Any]:
        try:
            before = mask_painting.current(context)
            if before is not None:
                mask_painting.check_filled(before)
            faceset, name = self._choose(context, before)
            opened = mask_painting.open_mask(context, faceset, name)
            if before is not None and before.image != opened:
                mask_painting.leave(before)
        except DeepfakeError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, f"{name}: paint black over what covers the face")
        return {"FINISHED"}

    def _choose(self, context: bpy.types.Context, before: mask_painting.Painting | None) -> tuple[Path, str]:
        scene = compat.sequencer_scene(context)
        if self.which == "SHOWN":
            work = repairing.workplace(scene, self.faceset)
            if not work.faces:
                raise UsageError(f"The faceset {work.faceset.name} has no face of this frame.", "Go to another frame.")
            return work.faceset, work.faces[0].file
        if self.which == "NAMED":
            return repairing.faceset(scene, self.faceset), self.face
        faceset = before.faceset if before and not self.faceset else repairing.faceset(scene, self.faceset)
        name = before.name if before and before.faceset == faceset else ""
        return faceset, mask_painting.choose(faceset, self.which, name)
