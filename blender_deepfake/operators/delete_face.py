"""Delete a face that is none, or that nobody wants."""

from typing import TYPE_CHECKING

import bpy

from .. import compat, repairing
from ..core import repairs
from ..core.picture_mapping import Point
from .preview_tool import PreviewTool


class DEEPFAKE_OT_delete_face(PreviewTool):
    bl_idname = "deepfake.delete_face"
    bl_label = "Delete Face"
    bl_description = "Click on a face over the preview that is none or that is not wanted"
    hint = "Click on the face to delete"

    if TYPE_CHECKING:
        at: tuple[float, float]
    else:
        at: bpy.props.FloatVectorProperty(
            name="At", description="A point in the face, in pixels of the source's frame from its top left", size=2
        )

    def begin(self) -> None:
        self._over: Point | None = None

    def moved(self, point: Point, held: bool) -> None:
        self._over = point

    def highlighted(self) -> Point | None:
        return self._over

    def pressed(self, point: Point) -> bool:
        self.at = point
        return True

    def act(self, context: bpy.types.Context) -> str:
        work = repairing.workplace(compat.sequencer_scene(context), self.faceset)
        at = self.at[0], self.at[1]
        work.face_at(at)
        return repairing.keep(work.faceset, repairs.delete(work.shown.source, work.shown.number, at))
