"""Say whose faces are wanted by pointing at one."""

from typing import TYPE_CHECKING

import bpy

from .. import compat, repairing
from ..core import person_choice
from ..core.picture_mapping import Point
from .preview_tool import PreviewTool

_ROLES = [
    ("PERFORMER", "Performer", "The person filmed in the plate"),
    ("IDENTITY", "Identity", "The person whose likeness is used"),
]


class DEEPFAKE_OT_pick_person(PreviewTool):
    bl_idname = "deepfake.pick_person"
    bl_label = "Point at Face"
    bl_description = "Click on the face of the person whose faces are wanted, over the preview"
    bl_options = {"UNDO"}  # noqa: RUF012  Blender wants a plain set
    hint = "Click on the face of the person whose faces are wanted"

    if TYPE_CHECKING:
        role: str
        at: tuple[float, float]
    else:
        role: bpy.props.EnumProperty(name="Person", description="Who is pointed at", items=_ROLES)
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
        return self.work.shown.view.shows(point)

    def act(self, context: bpy.types.Context) -> str:
        scene = compat.sequencer_scene(context)
        shown = repairing.workplace(scene, self.faceset).shown
        choice = getattr(scene.deepfake, f"{self.role.lower()}_choice")
        choice.point = person_choice.of_point(shown.number, (self.at[0], self.at[1]), shown.source)
        choice.who = "POINT"
        return f"{self.role.capitalize()}: {person_choice.described(choice.point)}"
