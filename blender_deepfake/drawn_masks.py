"""The shapes of one of Blender's own masks, as they lie on a picture in the Image Editor."""

from typing import Any

import bpy

from .core.drawn_shapes import Knot, Point, outline


def of_editor(context: Any) -> Any:
    """The mask that is drawn on in the Image Editor; None where there is none."""
    space = context.space_data
    return getattr(space, "mask", None) if space is not None and space.type == "IMAGE_EDITOR" else None


def outlines(mask: bpy.types.Mask, width: int, height: int) -> list[list[Point]]:
    """The outlines of all shapes that are shown, as they are at this frame, in pixels from the bottom left."""
    splines = [spline for layer in mask.layers if not layer.hide for spline in layer.splines]
    found: list[list[Point]] = []
    for spline in splines:
        points: Any = spline.points
        knots = [
            Knot(*(_pixel(place, width, height) for place in (point.co, point.handle_left, point.handle_right)))
            for point in points
        ]
        if len(knots) > 1:
            found.append(outline(knots))
    return found


def _pixel(place: Any, width: int, height: int) -> Point:
    """Masks measure by the longer side, from the middle."""
    side = max(width, height)
    return width / 2 + (place[0] - 0.5) * side, height / 2 + (place[1] - 0.5) * side
