"""Closed shapes of Bézier splines, such as Blender's masks are drawn with, as how much of each pixel they cover."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

Point = tuple[float, float]
_STEPS = 16  # straight pieces between two knots
_LINES = 4  # in a pixel


@dataclass(frozen=True)
class Knot:
    """A point of a spline and its handles, in pixels from the picture's bottom left corner."""

    co: Point
    left: Point
    right: Point


def outline(knots: Sequence[Knot]) -> list[Point]:
    """The corners of the closed spline; its first one is not repeated."""
    corners: list[Point] = []
    for here, there in pairwise([*knots, *knots[:1]]):
        corners += [_between(here, there, step / _STEPS) for step in range(_STEPS)]
    return corners


def _between(here: Knot, there: Knot, t: float) -> Point:
    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
    points = (here.co, here.right, there.left, there.co)
    x, y = (sum(w * point[axis] for w, point in zip(weights, points, strict=True)) for axis in (0, 1))
    return x, y


def coverage(outlines: Iterable[Sequence[Point]], width: int, height: int) -> "array[float]":
    """How much of each pixel any of the shapes covers, in 0–1, the bottom row first. Where a shape crosses itself its
    inside is out again."""
    covered = array("f", bytes(4 * width * height))
    for corners in outlines:
        for number, crossings in enumerate(_crossings(corners, height)):
            if any(crossings):
                row = _row(crossings, width)
                start = number * width
                for column, value in enumerate(row, start):
                    covered[column] = max(covered[column], value)
    return covered


def _crossings(corners: Sequence[Point], height: int) -> list[list[list[float]]]:
    """For each row of pixels, for each of its lines, where the outline crosses it."""
    found: list[list[list[float]]] = [[[] for _ in range(_LINES)] for _ in range(height)]
    for (x0, y0), (x1, y1) in pairwise([*corners, *corners[:1]]):
        if y0 == y1:
            continue
        low, high = sorted((y0, y1))
        first, last = (max(0, _line_above(low)), min(height * _LINES, _line_above(high)))
        for line in range(first, last):
            y = (line + 0.5) / _LINES
            found[line // _LINES][line % _LINES].append(x0 + (y - y0) * (x1 - x0) / (y1 - y0))
    return found


def _line_above(y: float) -> int:
    """The first line whose middle is not below `y`."""
    return -int(-(y * _LINES - 0.5) // 1)


def _row(lines: Sequence[list[float]], width: int) -> list[float]:
    values, steps, share = [0.0] * (width + 1), [0.0] * (width + 2), 1 / _LINES
    for crossings in lines:
        places = [min(max(x, 0.0), float(width)) for x in sorted(crossings)]
        for start, end in zip(places[::2], places[1::2], strict=False):
            first, last = int(start), int(end)
            if first == last:
                values[first] += (end - start) * share
                continue
            values[first] += (first + 1 - start) * share
            values[last] += (end - last) * share
            steps[first + 1] += share
            steps[last] -= share
    inside = 0.0
    for column in range(width):
        inside += steps[column]
        values[column] = min(1.0, values[column] + inside)
    return values[:width]


def darkened(pixels: "array[float]", covered: "array[float]") -> "array[float]":
    """`pixels`, float RGBA, with their colours towards black by how much of each is `covered`."""
    changed = array("f", pixels)
    for number, share in enumerate(covered):
        if share:
            for channel in range(4 * number, 4 * number + 3):
                changed[channel] *= 1 - share
    return changed
