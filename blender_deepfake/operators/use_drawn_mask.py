"""Mark as covered what was drawn with Blender's own masks."""

from array import array
from typing import Any

import bpy

from .. import drawn_masks, mask_painting, session
from ..core import drawn_shapes
from ..core.errors import DeepfakeError, UsageError


class DEEPFAKE_OT_use_drawn_mask(bpy.types.Operator):
    bl_idname = "deepfake.use_drawn_mask"
    bl_label = "Use Drawn Mask"
    bl_description = (
        "Mark the shapes of the mask that is drawn here as covered, besides what was painted. Save it then. "
        "Undo does not take it back"
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if mask_painting.current(context) is not None and drawn_masks.of_editor(context) is not None:
            return True
        cls.poll_message_set("Change this Image Editor to the mode Mask, press New, and draw what covers the face")
        return False

    def execute(self, context: bpy.types.Context) -> set[Any]:
        painting = mask_painting.current(context)
        if painting is None:
            return {"CANCELLED"}
        try:
            use(painting, drawn_masks.of_editor(context))
        except DeepfakeError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


def use(painting: mask_painting.Painting, mask: bpy.types.Mask) -> None:
    """In a window it returns at once, and the picture changes when it is filled. Raises where nothing is drawn."""
    mask_painting.check_filled(painting)
    width, height = painting.image.size
    shapes = drawn_masks.outlines(mask, width, height)
    if not shapes:
        raise UsageError(f"Nothing is drawn in the mask {mask.name}.", "Ctrl-click around what covers the face.")
    before, title = mask_painting.pixels(painting.image), painting.image.name
    filled: list[array[float]] = []
    mask_painting.filling.add(title)

    def fill() -> None:
        filled.append(drawn_shapes.darkened(before, drawn_shapes.coverage(shapes, width, height)))

    def show() -> None:
        mask_painting.filling.discard(title)
        image: Any = bpy.data.images.get(title)
        if image is not None and tuple(image.size) == (width, height):
            image.pixels.foreach_set(filled[0])
            image.update()

    session.current().in_background(fill, show, lambda: mask_painting.filling.discard(title))
