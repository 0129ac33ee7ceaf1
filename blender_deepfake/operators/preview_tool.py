"""What the operators have in common that are used with the mouse over the sequencer's preview."""

from typing import TYPE_CHECKING, Any, ClassVar

import bpy

from .. import compat, face_drawing, repairing, strips
from ..core.errors import DeepfakeError
from ..core.faceset_index import face_at
from ..core.picture_mapping import Point
from ..preview_drawing import Drawing
from ..repairing import Workplace

_REACH = 12  # pixels of the screen within which a point is hit
_DONE = frozenset({"RET", "NUMPAD_ENTER"})
_WHEEL = {"WHEELUPMOUSE": 1, "WHEELDOWNMOUSE": -1}
_ABORT = frozenset({"ESC", "RIGHTMOUSE"})

# Of the tool that was begun last: it ends the one before. As a ClassVar of the class, its annotation would keep this
# module alive in typing's cache, and 4.5 as a Python module would then never end.
_latest: list[Drawing] = []


class PreviewTool(bpy.types.Operator):
    """In a window: follows the mouse until a subclass has its values, then does what `execute` does with them.

    All that is not the left mouse button in the preview goes on to Blender, so that one can zoom, pan and change the
    frame meanwhile. Points are pixels of the source's frame.
    """

    hint: ClassVar[str] = ""

    if TYPE_CHECKING:
        faceset: str
        work: Workplace
        reach: float
        _drawing: Drawing | None
        _frame: int
    else:
        faceset: bpy.props.StringProperty(
            name="Faceset", description="Folder of the faces. Empty: of the person chosen in the panel"
        )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if strips.has_picture(strips.source_of_active(compat.sequencer_scene(context))):
            return True
        cls.poll_message_set("Select a strip that shows a picture")
        return False

    def begin(self) -> None:
        """A frame is shown: forget what was pointed at in another one."""

    def pressed(self, point: Point) -> bool:
        """The left button went down at `point`; True: the values are complete."""
        return False

    def moved(self, point: Point, held: bool) -> None:
        """The mouse is at `point`, its left button `held` or not."""

    def released(self, point: Point) -> bool:
        """The left button went up at `point`; True: the values are complete."""
        return False

    def turned(self, steps: int) -> bool:
        """The wheel was turned; False: it is Blender's, for zooming."""
        return False

    def confirmed(self) -> bool:
        """Enter was pressed; True: the values are complete."""
        return False

    def draw_shapes(self, drawing: Drawing) -> None:
        """Draw what this tool has to show besides the faces and the repairs of the frame."""

    def highlighted(self) -> Point | None:
        """The face around this point is drawn as the chosen one."""
        return None

    def act(self, context: bpy.types.Context) -> str:
        """Do the work with the operator's values; return what to tell. Raises DeepfakeError."""
        raise NotImplementedError

    def execute(self, context: bpy.types.Context) -> set[Any]:
        try:
            told = self.act(context)
        except DeepfakeError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, told)
        return {"FINISHED"}

    def invoke(self, context: Any, event: bpy.types.Event) -> set[Any]:
        self._drawing = None
        self.reach = 1.0
        self._held = False
        if not self._load(context):
            return {"CANCELLED"}
        if not any(_previews(context)):
            self.report({"ERROR"}, "No preview of the sequencer is open. Open one: View, Preview")
            return {"CANCELLED"}
        for earlier in _latest:
            earlier.close()
        self._drawing = Drawing()
        _latest[:] = [self._drawing]
        self._show(context)
        context.window_manager.modal_handler_add(self)
        context.window.cursor_modal_set("CROSSHAIR")
        context.workspace.status_text_set(f"{self.hint}.   Esc: cancel")
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[Any]:
        if self._drawing not in _latest:
            return {"CANCELLED", "PASS_THROUGH"}
        if compat.sequencer_scene(context).frame_current != self._frame and not self._load(context):
            return self._end(context, {"CANCELLED"})
        if event.type in _ABORT and event.value == "PRESS":
            return self._end(context, {"CANCELLED"})
        return self._follow(context, event)

    def _follow(self, context: bpy.types.Context, event: bpy.types.Event) -> set[Any]:
        complete = event.type in _DONE and event.value == "PRESS" and self.confirmed()
        point = self._point(context, event)
        if point is None and not complete:
            return {"PASS_THROUGH"}
        if point is not None and event.type == "LEFTMOUSE":
            complete, self._held = self._button(point, event.value), event.value == "PRESS"
        elif point is not None and event.type == "MOUSEMOVE":
            self.moved(point, self._held)
        elif not complete and not self.turned(_WHEEL.get(event.type, 0)):
            return {"PASS_THROUGH"}
        if complete:
            return self._end(context, self.execute(context))
        self._show(context)
        return {"RUNNING_MODAL"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender ends the operator: another file is opened, or the window closes."""
        self._end(context, {"CANCELLED"})

    def _button(self, point: Point, value: str) -> bool:
        return self.pressed(point) if value == "PRESS" else value == "RELEASE" and self.released(point)

    def _load(self, context: bpy.types.Context) -> bool:
        scene = compat.sequencer_scene(context)
        self._frame = scene.frame_current
        try:
            self.work = repairing.workplace(scene, self.faceset)
            self.work.shown.view.to_picture((0.0, 0.0))  # raises where the strip is scaled to nothing
        except DeepfakeError as error:
            self.report({"ERROR"}, str(error))
            return False
        self.begin()
        if self._drawing is not None:
            self._show(context)
        return True

    def _show(self, context: bpy.types.Context) -> None:
        if self._drawing is not None:
            self._drawing.clear()
            chosen = self.highlighted()
            under = face_at(self.work.faces, chosen) if chosen else None
            for face in self.work.faces:
                face_drawing.draw_face(self._drawing, self.work.shown.view, face, face is under)
            for repair in self.work.repairs:
                face_drawing.draw_repair(self._drawing, self.work.shown.view, repair)
            self.draw_shapes(self._drawing)
        for area, _ in _previews(context):
            area.tag_redraw()

    def _end(self, context: Any, result: set[Any]) -> set[Any]:
        if self._drawing is not None:
            self._drawing.close()
            self._drawing = None
        if context.window is not None:
            context.window.cursor_modal_restore()
            context.workspace.status_text_set(None)
            for area, _ in _previews(context):
                area.tag_redraw()
        return result

    def _point(self, context: bpy.types.Context, event: bpy.types.Event) -> Point | None:
        """The pixel of the source's frame under the mouse; None where the mouse is not over a preview."""
        x, y = event.mouse_x, event.mouse_y
        for area, region in _previews(context):
            covered = any(r.type not in ("PREVIEW", "WINDOW") and _holds(r, x, y) for r in area.regions)
            if _holds(region, x, y) and not covered:
                view, to_view = self.work.shown.view, region.view2d.region_to_view
                here = view.to_picture(to_view(x - region.x, y - region.y))
                aside = view.to_picture(to_view(x - region.x + _REACH, y - region.y))
                self.reach = max(abs(aside[0] - here[0]), abs(aside[1] - here[1]))
                return here
        return None


def _previews(context: Any) -> list[tuple[Any, Any]]:
    """The areas of the window that show the sequencer's preview, with the region in which they do."""
    return [
        (area, region)
        for area in (context.window.screen.areas if context.window else ())
        if area.type == "SEQUENCE_EDITOR"
        for region in area.regions
        if region.type == "PREVIEW" and region.width > 1 and region.height > 1
    ]


def _holds(region: Any, x: int, y: int) -> bool:
    inside = region.x <= x < region.x + region.width and region.y <= y < region.y + region.height
    return bool(inside and region.width > 1 and region.height > 1)
