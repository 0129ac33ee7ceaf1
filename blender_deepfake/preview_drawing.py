"""Lines and squares over the sequencer's preview, given in the preview's own coordinates."""

from collections.abc import Callable
from typing import Any

import bpy

Point = tuple[float, float]
Colour = tuple[float, float, float, float]

FOUND: Colour = (0.35, 0.8, 1.0, 0.9)
CHOSEN: Colour = (1.0, 0.85, 0.2, 1.0)
REPAIRED: Colour = (1.0, 0.5, 0.1, 1.0)
REMOVED: Colour = (1.0, 0.15, 0.15, 1.0)
FAINT: Colour = (0.35, 0.8, 1.0, 0.4)


class Drawing:
    """Shapes that stay over every preview until `close`. It knows no operator: Blender may free one at any time."""

    def __init__(self) -> None:
        self._lines: dict[Colour, list[Point]] = {}
        self._squares: dict[Colour, list[Point]] = {}
        space: Any = bpy.types.SpaceSequenceEditor
        self._handle: Any = space.draw_handler_add(self._draw, (), "PREVIEW", "POST_PIXEL")

    def clear(self) -> None:
        self._lines, self._squares = {}, {}

    def line(self, one: Point, other: Point, colour: Colour) -> None:
        self._lines.setdefault(colour, []).extend((one, other))

    def loop(self, corners: list[Point], colour: Colour) -> None:
        for one, other in zip(corners, (*corners[1:], corners[0]), strict=True):
            self.line(one, other, colour)

    def square(self, middle: Point, colour: Colour) -> None:
        """A mark as large as a handle, at every zoom."""
        self._squares.setdefault(colour, []).append(middle)

    def close(self) -> None:
        if self._handle is not None:
            space: Any = bpy.types.SpaceSequenceEditor
            space.draw_handler_remove(self._handle, "PREVIEW")
            self._handle = None

    def _draw(self) -> None:
        import gpu
        from gpu_extras.batch import batch_for_shader

        context: Any = bpy.context
        region = context.region
        place = _to_region(region.view2d)
        scale = context.preferences.system.ui_scale
        shader: Any = gpu.shader
        gpu.state.blend_set("ALPHA")
        lines = shader.from_builtin("POLYLINE_UNIFORM_COLOR")
        for colour, points in self._lines.items():
            batch = batch_for_shader(lines, "LINES", {"pos": [(*place(point), 0.0) for point in points]})
            lines.uniform_float("viewportSize", (region.width, region.height))
            lines.uniform_float("lineWidth", 1.5 * scale)
            lines.uniform_float("color", colour)
            batch.draw(lines)
        flat = shader.from_builtin("UNIFORM_COLOR")
        for colour, points in self._squares.items():
            corners = [corner for point in points for corner in _two_triangles(place(point), 3.0 * scale)]
            batch = batch_for_shader(flat, "TRIS", {"pos": corners})
            flat.uniform_float("color", colour)
            batch.draw(flat)
        gpu.state.blend_set("NONE")


def _to_region(view2d: Any) -> Callable[[Point], Point]:
    """From the preview's coordinates to the region's pixels. Asking Blender for every point would be slow."""
    far = 10000.0
    x0, y0 = view2d.view_to_region(0.0, 0.0, clip=False)
    x1, y1 = view2d.view_to_region(far, far, clip=False)
    scale_x, scale_y = (x1 - x0) / far, (y1 - y0) / far
    return lambda point: (x0 + point[0] * scale_x, y0 + point[1] * scale_y)


def _two_triangles(middle: Point, reach: float) -> list[Point]:
    left, right, bottom, top = middle[0] - reach, middle[0] + reach, middle[1] - reach, middle[1] + reach
    return [(left, bottom), (right, bottom), (right, top), (left, bottom), (right, top), (left, top)]
