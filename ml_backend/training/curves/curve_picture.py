"""A picture of a training's curves, for who has no TensorBoard."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.errors import UsageError
from ml_backend.media.write import write_rgb

from .curve_file import Point
from .ticks import linear_ticks, log_ticks, short

Line = tuple[str, NDArray[np.float64], NDArray[np.float64]]  # name, iterations, values

WIDTH, HEIGHT = 800, 500
LEFT, RIGHT, TOP, BOTTOM = 70, 170, 34, 46  # margins in pixels; the legend is on the right
SMALLEST = 1e-9  # less is nothing, and as much more is no loss
SMOOTH = 40  # part of the curve over which a point is averaged: one of so many
# RGB; they differ in brightness too, and the eight are told apart by colour-blind people (Okabe and Ito, 2008)
COLOURS = (
    (0, 0, 0), (213, 94, 0), (0, 114, 178), (0, 158, 115),
    (204, 121, 167), (230, 159, 0), (86, 180, 233), (148, 130, 20),
)  # fmt: skip
_INK, _GRID, _FONT = (60, 60, 60), (222, 222, 222), cv2.FONT_HERSHEY_SIMPLEX


def curve_picture(curves: Sequence[Point], path: Path, title: str = "") -> None:
    """Draw the smoothed losses over the iterations, on a logarithmic axis, as an 800×500 PNG.

    Loss, held-out loss and the named parts, the largest first where there are more than colours. UsageError where
    there are no two points to draw a line between.
    """
    lines = _lines(curves)
    if not lines:
        raise UsageError(
            f"There is no curve to draw in {path}: fewer than two reports have a loss.", "Train for a while first."
        )
    write_rgb(path, _draw(lines, title))


def _lines(curves: Sequence[Point]) -> list[Line]:
    values: dict[str, list[tuple[int, float]]] = {"loss": [], "held out": []}
    for point in curves:
        named = {"loss": point.loss, "held out": point.held_out_loss} | point.parts
        for name, value in named.items():
            if value is not None and SMALLEST < value < 1 / SMALLEST:  # a logarithm has no place for 0
                values.setdefault(name, []).append((point.iteration, value))
    lines = [(name, *_smoothed(pairs)) for name, pairs in values.items() if len(pairs) > 1]
    first = [line for line in lines if line[0] in ("loss", "held out")]
    parts = sorted((line for line in lines if line not in first), key=lambda line: -float(line[2][-1]))
    return (first + parts)[: len(COLOURS)]


def _smoothed(pairs: Sequence[tuple[int, float]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Iterations and geometric running means: what a logarithmic axis shows as the middle."""
    x, y = (np.array(column, np.float64) for column in zip(*pairs, strict=True))
    half = len(x) // SMOOTH // 2
    sums = np.concatenate([[0.0], np.cumsum(np.log(y))])
    places = np.arange(len(x))
    low, high = np.maximum(places - half, 0), np.minimum(places + half + 1, len(x))
    return x, np.exp((sums[high] - sums[low]) / (high - low))


def _draw(lines: Sequence[Line], title: str) -> NDArray[np.uint8]:
    image = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    first, last = min(line[1][0] for line in lines), max(line[1][-1] for line in lines)
    low, high = min(line[2].min() for line in lines), max(line[2].max() for line in lines)
    low, high = low / 1.1, high * 1.1
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM

    def across(x: Any) -> Any:
        return LEFT + (x - first) / max(last - first, 1) * (right - LEFT)

    def down(y: Any) -> Any:
        return bottom - np.log(y / low) / math.log(high / low) * (bottom - TOP)

    for tick in linear_ticks(first, last):
        column = round(float(across(tick)))
        cv2.line(image, (column, TOP), (column, bottom), _GRID, 1)
        _write(image, short(tick), column, bottom + 18, centre=True)
    for tick in log_ticks(low, high):
        height, text = round(float(down(tick))), short(tick)
        cv2.line(image, (LEFT, height), (right, height), _GRID, 1)
        _write(image, text, LEFT - 8 - _width(text), height + 4)
    cv2.rectangle(image, (LEFT, TOP), (right, bottom), _INK, 1)
    _write(image, "iteration", (LEFT + right) // 2, HEIGHT - 8, centre=True)
    _write(image, title or "loss", LEFT, TOP - 12)
    for number in reversed(range(len(lines))):  # the first on top
        name, x, y = lines[number]
        points = np.stack([across(x), down(y)], axis=1) * 16  # in sixteenths of a pixel
        thickness = 2 if number == 0 else 1
        cv2.polylines(image, [np.round(points).astype(np.int32)], False, COLOURS[number], thickness, cv2.LINE_AA, 4)
        row = TOP + 14 + 22 * number
        cv2.line(image, (right + 12, row - 4), (right + 32, row - 4), COLOURS[number], 3)
        _write(image, f"{_fitting(name)} {y[-1]:.3g}", right + 38, row)
    return image


def _fitting(name: str) -> str:
    return name if len(name) <= 13 else f"{name[:12]}."


def _width(text: str) -> int:
    return int(cv2.getTextSize(text, _FONT, 0.42, 1)[0][0])


def _write(image: NDArray[np.uint8], text: str, x: int, y: int, *, centre: bool = False) -> None:
    # the font has no other letters than these
    plain = text.encode("ascii", "replace").decode()
    place = (x - _width(plain) // 2 if centre else x, y)
    cv2.putText(image, plain, place, _FONT, 0.42, _INK, 1, cv2.LINE_AA)
