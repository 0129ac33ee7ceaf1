"""Add a face that the detector did not find."""

from typing import TYPE_CHECKING

import bpy

from .. import compat, face_drawing, preview_drawing, repairing
from ..core import repairs
from ..core.gestures import NewBox
from ..core.picture_mapping import Point
from ..preview_drawing import Drawing
from .preview_tool import PreviewTool

_TILT = 5.0  # degrees a step of the wheel


class DEEPFAKE_OT_add_face(PreviewTool):
    bl_idname = "deepfake.add_face"
    bl_label = "Add Face"
    bl_description = "Draw a box around a face that was not found, from the brows to the chin, over the preview"
    hint = "Drag a box around the face, from the brows to the chin, or click two corners.   Wheel: tilt of the head"

    if TYPE_CHECKING:
        box: tuple[float, float, float, float]
        roll: float
    else:
        box: bpy.props.FloatVectorProperty(
            name="Box",
            description="Left, top, right and bottom in pixels of the source's frame, from its top left corner",
            size=4,
        )
        roll: bpy.props.FloatProperty(
            name="Roll", description="How far the head is tilted, in degrees", min=-180.0, max=180.0
        )

    def begin(self) -> None:
        self._gesture = NewBox()
        self.roll = 0.0

    def pressed(self, point: Point) -> bool:
        return self._take(self._gesture.press(point))

    def moved(self, point: Point, held: bool) -> None:
        self._gesture.move(point)

    def released(self, point: Point) -> bool:
        return self._take(self._gesture.release(point, self.reach))

    def turned(self, steps: int) -> bool:
        self.roll += _TILT * steps
        return steps != 0 and self._gesture.corner is not None

    def _take(self, box: repairs.Box | None) -> bool:
        if box is not None:
            self.box = box
        return box is not None

    def draw_shapes(self, drawing: Drawing) -> None:
        corner, other = self._gesture.corner, self._gesture.other
        if corner is not None and other is not None:
            view = self.work.shown.view
            face_drawing.draw_box(drawing, view, (*corner, *other), preview_drawing.REPAIRED)
            face_drawing.draw_upwards(drawing, view, (*corner, *other), self.roll)

    def act(self, context: bpy.types.Context) -> str:
        work = repairing.workplace(compat.sequencer_scene(context), self.faceset)
        x0, y0, x1, y1 = self.box
        return repairing.keep(
            work.faceset, repairs.add(work.shown.source, work.shown.number, (x0, y0, x1, y1), self.roll)
        )
