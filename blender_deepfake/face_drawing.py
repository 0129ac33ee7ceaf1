"""Draws the faces that a faceset has of the shown frame, and what was repaired there."""

import math
from collections.abc import Mapping
from itertools import pairwise

from . import preview_drawing
from .core import face_points, repairs
from .core.faceset_index import IndexedFace
from .core.picture_mapping import Point, View
from .core.repairs import Repair
from .preview_drawing import Colour, Drawing


def draw_box(drawing: Drawing, view: View, box: repairs.Box, colour: Colour) -> None:
    x0, y0, x1, y1 = box
    drawing.loop([view.to_preview(corner) for corner in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))], colour)


def draw_upwards(drawing: Drawing, view: View, box: repairs.Box, roll: float) -> None:
    """From the middle of `box` to where the top of a head is that is tilted by `roll` degrees, counter-clockwise."""
    x, y, reach = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2, abs(box[3] - box[1]) / 2
    angle = math.radians(roll)
    top = x - reach * math.sin(angle), y - reach * math.cos(angle)
    drawing.line(view.to_preview((x, y)), view.to_preview(top), preview_drawing.REPAIRED)


def draw_face(drawing: Drawing, view: View, face: IndexedFace, chosen: bool = False) -> None:
    """Its box and the contours of its parts."""
    draw_box(drawing, view, face.box, preview_drawing.CHOSEN if chosen else preview_drawing.FOUND)
    draw_contours(drawing, view, face, {})


def draw_contours(drawing: Drawing, view: View, face: IndexedFace, moved: Mapping[int, Point]) -> None:
    """The parts of a face, with `moved` points where they were dragged to."""
    for part, closed in (*((p, True) for p in face_points.CLOSED), *((p, False) for p in face_points.OPEN)):
        seen = [view.to_preview(moved.get(index, face.points[index])) for index in part]
        for one, other in pairwise([*seen, seen[0]] if closed else seen):
            drawing.line(one, other, preview_drawing.FAINT)


def draw_handles(drawing: Drawing, view: View, face: IndexedFace, moved: Mapping[int, Point]) -> None:
    for index in face_points.HANDLES:
        colour = preview_drawing.REPAIRED if index in moved else preview_drawing.FOUND
        drawing.square(view.to_preview(moved.get(index, face.points[index])), colour)


def draw_repair(drawing: Drawing, view: View, repair: Repair) -> None:
    """A box where a face was put, a mark where points were, a cross where one was deleted."""
    if repair.get("box"):
        x0, y0, x1, y1 = (float(value) for value in repair["box"])
        draw_box(drawing, view, (x0, y0, x1, y1), preview_drawing.REPAIRED)
    for point in (repair.get("points") or {}).values():
        drawing.square(view.to_preview((float(point[0]), float(point[1]))), preview_drawing.REPAIRED)
    if repair.get("action") == "delete" and repair.get("at"):
        x, y = (float(value) for value in repair["at"])
        reach = 0.04 * min(view.size)
        for step in (reach, -reach):
            ends = view.to_preview((x - reach, y - step)), view.to_preview((x + reach, y + step))
            drawing.line(*ends, preview_drawing.REMOVED)
