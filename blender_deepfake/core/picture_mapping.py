"""From a point over the sequencer's preview to a pixel of the picture that a strip shows there, and back.

Three systems of coordinates, all in pixels:

    preview   what the preview's View2D gives: (0, 0) in the middle of the frame, y up, as wide as the frame looks
    frame     the rendered frame: (0, 0) in its bottom left corner, y up
    picture   the strip's own picture, as repairs.json has it: (0, 0) is the centre of the top left pixel, y down
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .errors import UsageError

Point = tuple[float, float]


@dataclass(frozen=True)
class Placement:
    """How a picture of width × height pixels lies in a frame of frame_width × frame_height.

    Offsets are pixels of the frame, the rotation is in radians against the clock, the origin a share of the picture
    from its bottom left corner. A crop cuts off and moves nothing, so it does not matter here.
    """

    width: int
    height: int
    frame_width: int
    frame_height: int
    offset_x: float = 0.0
    offset_y: float = 0.0
    scale_x: float = 1.0
    scale_y: float = 1.0
    rotation: float = 0.0
    origin_x: float = 0.5
    origin_y: float = 0.5
    flip_x: bool = False
    flip_y: bool = False

    @property
    def _pivot(self) -> Point:
        return self.width * self.origin_x, self.height * self.origin_y

    @property
    def _pivot_in_frame(self) -> Point:
        """Blender centres the picture in whole pixels, rounding towards zero."""
        x, y = self._pivot
        centre_x = math.trunc((self.frame_width - self.width) / 2)
        centre_y = math.trunc((self.frame_height - self.height) / 2)
        return x + centre_x + self.offset_x, y + centre_y + self.offset_y

    def to_frame(self, point: Point) -> Point:
        """A point of the picture, from its bottom left corner, in the frame."""
        x, y = (point[0] - self._pivot[0]) * self.scale_x, (point[1] - self._pivot[1]) * self.scale_y
        cos, sin = math.cos(self.rotation), math.sin(self.rotation)
        to_x, to_y = self._pivot_in_frame
        return self._flipped((to_x + cos * x - sin * y, to_y + sin * x + cos * y))

    def to_picture(self, point: Point) -> Point:
        """A point of the frame in the picture, from its bottom left corner. It may lie outside of it."""
        if not self.scale_x or not self.scale_y:
            raise UsageError("The strip is scaled to nothing, so no face can be pointed at.", "Scale it up.")
        x, y = self._flipped(point)
        x, y = x - self._pivot_in_frame[0], y - self._pivot_in_frame[1]
        cos, sin = math.cos(self.rotation), math.sin(self.rotation)
        return (
            self._pivot[0] + (cos * x + sin * y) / self.scale_x,
            self._pivot[1] + (cos * y - sin * x) / self.scale_y,
        )

    def _flipped(self, point: Point) -> Point:
        """Blender mirrors the frame with the placed picture in it, not the picture before it is placed."""
        x, y = point
        return self.frame_width - x if self.flip_x else x, self.frame_height - y if self.flip_y else y


@dataclass(frozen=True)
class View:
    """What the preview shows: `placements` of the strip, then of each meta strip that it lies in, outwards.

    `aspect` is the width of a pixel divided by its height.
    """

    placements: Sequence[Placement]
    aspect: float = 1.0

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the strip's picture."""
        return self.placements[0].width, self.placements[0].height

    def to_picture(self, point: Point) -> Point:
        """A point of the preview as a pixel of the strip's picture. It may lie outside of it."""
        outer = self.placements[-1]
        inner = point[0] / self.aspect + outer.frame_width / 2, point[1] + outer.frame_height / 2
        for placement in reversed(self.placements):
            inner = placement.to_picture(inner)
        return inner[0] - 0.5, self.size[1] - inner[1] - 0.5

    def to_preview(self, point: Point) -> Point:
        """A pixel of the strip's picture as a point of the preview."""
        outer = point[0] + 0.5, self.size[1] - point[1] - 0.5
        for placement in self.placements:
            outer = placement.to_frame(outer)
        last = self.placements[-1]
        return (outer[0] - last.frame_width / 2) * self.aspect, outer[1] - last.frame_height / 2

    def shows(self, point: Point) -> bool:
        """Is `point`, a pixel of the picture, inside of the picture?"""
        return -0.5 <= point[0] <= self.size[0] - 0.5 and -0.5 <= point[1] <= self.size[1] - 0.5
