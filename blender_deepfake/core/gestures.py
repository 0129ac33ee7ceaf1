"""What a person draws with the mouse: a new box, or an old one put elsewhere. Points are pixels of a picture."""

from collections.abc import Sequence
from dataclasses import dataclass

Point = tuple[float, float]
Box = tuple[float, float, float, float]


class NewBox:
    """Either dragged from corner to corner, or clicked at one corner and then at the other."""

    def __init__(self) -> None:
        self.corner: Point | None = None
        self.other: Point | None = None

    def press(self, point: Point) -> Box | None:
        """The box, where this is the second click."""
        if self.corner is not None:
            return (*self.corner, *point)
        self.corner = self.other = point
        return None

    def move(self, point: Point) -> None:
        self.other = point

    def release(self, point: Point, reach: float) -> Box | None:
        """The box, where it was dragged further than `reach`; None where it was a click."""
        if self.corner is None or apart(point, self.corner) < reach:
            return None
        return (*self.corner, *point)


@dataclass(frozen=True)
class Grip:
    """Box number `index` was taken at `start`: one of its corners, or all of it. `free` tells which numbers move."""

    index: int
    before: Box
    start: Point
    free: tuple[bool, bool, bool, bool]

    def at(self, point: Point) -> Box:
        """The box with the mouse at `point`."""
        x, y = point[0] - self.start[0], point[1] - self.start[1]
        x0, y0, x1, y1 = (
            value + step * free for value, step, free in zip(self.before, (x, y, x, y), self.free, strict=True)
        )
        return x0, y0, x1, y1


_CORNERS = (
    (0, 1, (True, True, False, False)),
    (2, 1, (False, True, True, False)),
    (0, 3, (True, False, False, True)),
    (2, 3, (False, False, True, True)),
)


def grip(boxes: Sequence[Box], point: Point, reach: float) -> Grip | None:
    """What of `boxes` is taken at `point`: a corner within `reach`, else the box around it; None beside all."""
    for index, box in enumerate(boxes):
        for x, y, free in _CORNERS:
            if apart(point, (box[x], box[y])) <= reach:
                return Grip(index, box, point, free)
    for index, box in enumerate(boxes):
        if box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]:
            return Grip(index, box, point, (True, True, True, True))
    return None


def nearest(places: Sequence[Point], point: Point, reach: float) -> int | None:
    """Which of `places` is at `point`, at most `reach` away."""
    distance, index = min(((apart(place, point), index) for index, place in enumerate(places)), default=(reach + 1, 0))
    return index if distance <= reach else None


def apart(one: Point, other: Point) -> float:
    """The larger of the distances along x and y."""
    return max(abs(one[0] - other[0]), abs(one[1] - other[1]))
