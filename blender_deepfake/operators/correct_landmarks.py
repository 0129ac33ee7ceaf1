"""Drag a face's landmarks to where they belong."""

from typing import TYPE_CHECKING

import bpy

from .. import compat, face_drawing, repairing
from ..core import face_points, gestures, repairs, typed_values
from ..core.faceset_index import IndexedFace
from ..core.picture_mapping import Point
from ..preview_drawing import Drawing
from .preview_tool import PreviewTool


class DEEPFAKE_OT_correct_landmarks(PreviewTool):
    bl_idname = "deepfake.correct_landmarks"
    bl_label = "Correct Landmarks"
    bl_description = "Drag the points of a face over the preview to where they belong; the others follow"
    hint = "Drag the points of one face to where they belong.   Enter: keep"

    if TYPE_CHECKING:
        at: tuple[float, float]
        points: str
    else:
        at: bpy.props.FloatVectorProperty(
            name="At", description="A point in the face, in pixels of the source's frame from its top left", size=2
        )
        points: bpy.props.StringProperty(
            name="Points", description="Number of a mesh point and its place in pixels, such as: 33=120.5,80 263=180,81"
        )

    def begin(self) -> None:
        self._face: IndexedFace | None = None
        self._moved: dict[int, Point] = {}
        self._dragged: int | None = None

    def pressed(self, point: Point) -> bool:
        faces = [self._face] if self._face and self._moved else self.work.faces
        candidates = [(face, index) for face in faces for index in face_points.HANDLES]
        hit = gestures.nearest([self._place(*candidate) for candidate in candidates], point, self.reach)
        if hit is not None:
            self._face, self._dragged = candidates[hit]
        return False

    def _place(self, face: IndexedFace, index: int) -> Point:
        return self._moved.get(index, face.points[index]) if face is self._face else face.points[index]

    def moved(self, point: Point, held: bool) -> None:
        if self._dragged is not None and held:
            self._moved[self._dragged] = point

    def released(self, point: Point) -> bool:
        self._dragged = None
        return False

    def confirmed(self) -> bool:
        if self._face is None or not self._moved:
            return False
        self.at = self._face.middle
        self.points = typed_values.of_points(self._moved)
        return True

    def draw_shapes(self, drawing: Drawing) -> None:
        for face in self.work.faces:
            moved = self._moved if face is self._face else {}
            if moved:
                face_drawing.draw_contours(drawing, self.work.shown.view, face, moved)
            face_drawing.draw_handles(drawing, self.work.shown.view, face, moved)

    def act(self, context: bpy.types.Context) -> str:
        work = repairing.workplace(compat.sequencer_scene(context), self.faceset)
        at, points = (self.at[0], self.at[1]), typed_values.points(self.points.split())
        work.face_at(at)
        return repairing.keep(work.faceset, repairs.landmarks(work.shown.source, work.shown.number, at, points))
