"""Curves over minutes: two rows of panels in one PNG, each curve named at its end."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.media.write import write_rgb
from ml_backend.training.curves.curve_picture import COLOURS
from ml_backend.training.curves.ticks import linear_ticks

WIDTH, HEIGHT = 880, 500  # of a panel, in pixels
LEFT, RIGHT, TOP, BOTTOM = 76, 246, 48, 62  # its margins; the names are on the right
ROOM = 0.08  # part of the values' range that is left free above and below
LINE = 22  # between two names
_END, _GROUND = WIDTH - RIGHT, HEIGHT - BOTTOM
_INK, _GRID, _LEADER = (60, 60, 60), (222, 222, 222), (170, 170, 170)  # RGB
_FONT, _SIZE = cv2.FONT_HERSHEY_SIMPLEX, 0.52

Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Curve:
    """Points are minutes and values, the earliest first."""

    name: str
    points: Sequence[tuple[float, float]]


def plot(panels: Sequence[tuple[str, Sequence[Curve]]], across: str, file: Path) -> None:
    """Draw titled panels, two in a row. across: what the horizontal axis is.

    Equal steps on that axis are equal steps of the minutes' square root. Panels of a row have one range of values.
    """
    rows = []
    for first in range(0, len(panels), 2):
        row = panels[first : first + 2]
        values = [value for _, curves in row for curve in curves for _, value in curve.points]
        room = ROOM * max(max(values) - min(values), 1e-6)
        bounds = (min(values) - room, max(values) + room)
        rows.append(np.hstack([_panel(title, curves, bounds, across) for title, curves in row]))
    write_rgb(file, np.vstack(rows))


@dataclass(frozen=True)
class _Frame:
    """Where a panel's minutes and values lie in its picture."""

    last: float
    low: float
    high: float

    def at(self, minute: float, value: float) -> tuple[float, float]:
        x = LEFT + math.sqrt(minute / max(self.last, 1e-6)) * (_END - LEFT)
        return x, _GROUND - (value - self.low) / (self.high - self.low) * (_GROUND - TOP)


def _panel(title: str, curves: Sequence[Curve], bounds: tuple[float, float], across: str) -> Image:
    image = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    minutes = sorted({minute for curve in curves for minute, _ in curve.points})
    frame = _Frame(minutes[-1], *bounds)
    _axes(image, frame, minutes)
    _write(image, title, LEFT, TOP - 16)
    _write(image, across, (LEFT + _END - _width(across)) // 2, HEIGHT - 12)
    _lines(image, frame, [curve for curve in curves if curve.points])
    return image


def _axes(image: Image, frame: _Frame, minutes: Sequence[float]) -> None:
    for minute in minutes:
        column, text = round(frame.at(minute, frame.low)[0]), f"{minute:g}"
        cv2.line(image, (column, TOP), (column, _GROUND), _GRID, 1)
        _write(image, text, column - _width(text) // 2, _GROUND + 22)
    for tick in linear_ticks(frame.low, frame.high):
        row, text = round(frame.at(0, tick)[1]), f"{round(tick, 6):g}"
        cv2.line(image, (LEFT, row), (_END, row), _INK if abs(tick) < 1e-9 else _GRID, 1)
        _write(image, text, LEFT - 10 - _width(text), row + 6)
    cv2.rectangle(image, (LEFT, TOP), (_END, _GROUND), _INK, 1)


def _lines(image: Image, frame: _Frame, curves: Sequence[Curve]) -> None:
    """The curves, the first on top, and their names on the right."""
    ends = []
    for curve, colour in reversed(list(zip(curves, cycle(COLOURS), strict=False))):
        points = [frame.at(*point) for point in curve.points]
        line = np.round(np.array(points) * 16).astype(np.int32)  # in sixteenths of a pixel
        cv2.polylines(image, [line], False, colour, 2, cv2.LINE_AA, 4)
        for x, y in line:
            cv2.circle(image, (int(x), int(y)), 5 * 16, colour, -1, cv2.LINE_AA, 4)
        ends.append((points[-1], curve.name, colour))
    ends.sort(key=lambda one: one[0][1])
    rows = _apart([point[1] for point, _, _ in ends], TOP + 8, _GROUND - 8)
    for (point, name, colour), row in zip(ends, rows, strict=True):
        cv2.line(image, (round(point[0]) + 6, round(point[1])), (_END + 10, round(row)), _LEADER, 1, cv2.LINE_AA)
        _write(image, name, _END + 16, round(row) + 5, colour)


def _apart(wanted: Sequence[float], top: float, bottom: float) -> list[float]:
    """Ascending heights near the wanted ones, `LINE` apart, between top and bottom while they fit."""
    placed: list[float] = []
    for height in wanted:
        placed.append(max(height, placed[-1] + LINE if placed else top))
    limit = bottom
    for k in reversed(range(len(placed))):
        placed[k] = min(placed[k], limit)
        limit = placed[k] - LINE
    return placed


def _width(text: str) -> int:
    return int(cv2.getTextSize(text, _FONT, _SIZE, 1)[0][0])


def _write(image: Image, text: str, x: int, y: int, colour: tuple[int, int, int] = _INK) -> None:
    # the font has no other letters than these
    plain = text.encode("ascii", "replace").decode()
    cv2.putText(image, plain, (x, y), _FONT, _SIZE, colour, 1, cv2.LINE_AA)
