"""Move or resize the box of a face that was found in the wrong place."""

from typing import TYPE_CHECKING

import bpy

from .. import compat, face_drawing, preview_drawing, repairing
from ..core import gestures, repairs
from ..core.gestures import Grip
from ..core.picture_mapping import Point
from ..preview_drawing import Drawing
from .preview_tool import PreviewTool


class DEEPFAKE_OT_move_face(PreviewTool):
    bl_idname = "deepfake.move_face"
    bl_label = "Move Face"
    bl_description = "Drag the box of a face over the preview, or one of its corners; it is measured anew there"
    hint = "Drag a face's box, or one of its corners"

    if TYPE_CHECKING:
        at: tuple[float, float]
        box: tuple[float, float, float, float]
        roll: float
    else:
        at: bpy.props.FloatVectorProperty(
            name="At", description="A point in the face, in pixels of the source's frame from its top left", size=2
        )
        box: bpy.props.FloatVectorProperty(
            name="Box", description="Where the face is: left, top, right and bottom in pixels of the frame", size=4
        )
        roll: bpy.props.FloatProperty(
            name="Roll", description="How far the head is tilted, in degrees", min=-180.0, max=180.0
        )

    def begin(self) -> None:
        self._grip: Grip | None = None
        self._over: Point | None = None

    def highlighted(self) -> Point | None:
        return self._over if self._grip is None else self._middle()

    def _middle(self) -> Point:
        return self.work.faces[self._grip.index if self._grip else 0].middle

    def pressed(self, point: Point) -> bool:
        self._grip = gestures.grip([face.box for face in self.work.faces], point, self.reach)
        return False

    def moved(self, point: Point, held: bool) -> None:
        self._over = point

    def released(self, point: Point) -> bool:
        if self._grip is None:
            return False
        changed = gestures.apart(point, self._grip.start) > 0
        self.at, self.box = self._middle(), self._grip.at(point)
        self.roll = self.work.faces[self._grip.index].roll
        self._grip = None
        return changed

    def draw_shapes(self, drawing: Drawing) -> None:
        if self._grip is not None and self._over is not None:
            box = self._grip.at(self._over)
            face_drawing.draw_box(drawing, self.work.shown.view, box, preview_drawing.REPAIRED)

    def act(self, context: bpy.types.Context) -> str:
        work = repairing.workplace(compat.sequencer_scene(context), self.faceset)
        at, (x0, y0, x1, y1) = (self.at[0], self.at[1]), self.box
        work.face_at(at)
        repair = repairs.move(work.shown.source, work.shown.number, at, (x0, y0, x1, y1), self.roll)
        return repairing.keep(work.faceset, repair)
