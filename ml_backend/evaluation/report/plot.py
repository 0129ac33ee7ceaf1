"""Line plots of figures over the frames, as SVG."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

WIDTH, HEIGHT = 1000, 170
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 10, 10, 30
_COLUMNS = 460  # of a long shot, several frames share one: two pixels are the least that one can point at


@dataclass(frozen=True)
class Line:
    """values: a figure of every frame, None where it has none. style: a CSS class, such as "swap" or "plate".

    marked: frames with a dot, and the address that the dot leads to.
    """

    label: str
    values: Sequence[float | None]
    style: str
    marked: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Column:
    """The frames that share a place on the axis."""

    x: float
    width: float
    first: int
    last: int
    rows: range


def line_plot(
    title: str,
    frames: Sequence[int],
    lines: Sequence[Line],
    unit: str = "",
    level: tuple[float, str] | None = None,
) -> str:
    """An <svg> with the frame numbers as axis; a frame's values show when one points at it.

    frames: ascending. level: a value and its name, drawn as a line across. All texts
    are escaped. Places that have no value leave a gap.
    """
    known = [value for line in lines for value in line.values if value is not None]
    if not known:
        return ""
    low, high = _range(known, level)
    columns = _columns(frames)
    parts = [_axes(frames, low, high, unit)]
    # the swap's line is drawn last, over the others
    parts += [_curve(line, columns, low, high) for line in reversed(lines)]
    if level is not None:
        parts.append(_level(_y(level[0], low, high), level[1]))
    parts += [_hover(column, frames, lines, unit) for column in columns]
    for line in lines:
        parts += _dots(frames, line, columns, low, high)
    label = f"{title}: {_range_in_words(lines, unit)}"
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(label)}" '
        f'xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )


def _level(y: float, name: str) -> str:
    return (
        f'<line class="level" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text class="name" x="{WIDTH - _RIGHT - 4}" y="{y - 4:.1f}" text-anchor="end">{escape(name)}</text>'
    )


def ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers (1, 2 or 5 times a power of ten apart) between two ends, at most `most`."""
    rough = (high - low) / most
    if rough <= 0:
        return [low]
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    return [n * step for n in range(first, math.floor(high / step + 1e-9) + 1)]


def number(value: float) -> str:
    """A figure with as many decimals as its size deserves."""
    if value == 0:
        return "0"
    decimals = max(0, min(4, 2 - math.floor(math.log10(abs(value)))))
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _range(known: Sequence[float], level: tuple[float, str] | None) -> tuple[float, float]:
    """The ends of the axis: 0 where it is near, and a little room above."""
    ends = [*known, level[0]] if level else list(known)
    low, high = min(ends), max(ends)
    if 0 <= low < 0.6 * high or high == low == 0:
        low = 0.0
    room = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
    return (low - room if low else 0.0), high + room


def _columns(frames: Sequence[int]) -> list[_Column]:
    count = min(len(frames), _COLUMNS)
    span = (WIDTH - _LEFT - _RIGHT) / count
    columns = []
    for n in range(count):
        rows = range(n * len(frames) // count, (n + 1) * len(frames) // count)
        columns.append(_Column(_LEFT + (n + 0.5) * span, span, frames[rows[0]], frames[rows[-1]], rows))
    return columns


def _y(value: float, low: float, high: float) -> float:
    return _TOP + (HEIGHT - _TOP - _BOTTOM) * (1 - (value - low) / (high - low))


def _axes(frames: Sequence[int], low: float, high: float, unit: str) -> str:
    parts = []
    for value in ticks(low, high, 4):
        y = _y(value, low, high)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(
            f'<text class="tick" x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">'
            f"{escape(number(value) + _space(unit))}</text>"
        )
    for row in _frame_ticks(frames):
        x = _LEFT + (row + 0.5) * (WIDTH - _LEFT - _RIGHT) / len(frames)
        parts.append(f'<text class="tick" x="{x:.1f}" y="{HEIGHT - 10}" text-anchor="middle">{frames[row]}</text>')
    return "".join(parts)


def _frame_ticks(frames: Sequence[int]) -> list[int]:
    """Rows whose frame numbers stand at the axis: round ones where the frames are in a row."""
    if len(frames) == 1:
        return [0]
    if frames[-1] - frames[0] == len(frames) - 1:
        rows = [round(value) - frames[0] for value in ticks(frames[0], frames[-1], 10) if value == round(value)]
        return rows or [0, len(frames) - 1]
    count = min(len(frames), 8)
    return sorted({round(n * (len(frames) - 1) / max(count - 1, 1)) for n in range(count)})


def _curve(line: Line, columns: Sequence[_Column], low: float, high: float) -> str:
    """A path through the values, through the least and the most where frames share a column."""
    commands: list[str] = []
    pen = "M"
    lonely: list[tuple[float, float]] = []
    run = 0
    for column in columns:
        values = [value for row in column.rows if (value := line.values[row]) is not None]
        if not values:
            if run == 1 and lonely:
                commands.append(_dash(*lonely[-1]))
            pen, run = "M", 0
            continue
        for value in dict.fromkeys((min(values), max(values))):
            y = _y(value, low, high)
            commands.append(f"{pen}{column.x:.1f} {y:.1f}")
            lonely.append((column.x, y))
            pen = "L"
        run += 1
    if run == 1 and lonely:
        commands.append(_dash(*lonely[-1]))
    return f'<path class="line {escape(line.style)}" d="{"".join(commands)}"/>' if commands else ""


def _dash(x: float, y: float) -> str:
    """What a single value between gaps, through which no line goes, is drawn as."""
    return f"M{x - 2:.1f} {y:.1f}h4"


def _hover(column: _Column, frames: Sequence[int], lines: Sequence[Line], unit: str) -> str:
    """An invisible rectangle whose title tells the values."""
    name = f"frame {column.first}" if column.first == column.last else f"frames {column.first}–{column.last}"
    told = []
    for line in lines:
        values = [value for row in column.rows if (value := line.values[row]) is not None]
        if not values:
            continue
        low, high = number(min(values)), number(max(values))
        told.append(f"{line.label} {low if low == high else f'{low} to {high}'}{_space(unit)}")
    title = f"{name}: {', '.join(told) or 'no value'}"
    return (
        f'<rect class="hover" x="{column.x - column.width / 2:.1f}" y="{_TOP}" width="{column.width:.1f}" '
        f'height="{HEIGHT - _TOP - _BOTTOM}"><title>{escape(title)}</title></rect>'
    )


def _dots(
    frames: Sequence[int],
    line: Line,
    columns: Sequence[_Column],
    low: float,
    high: float,
) -> list[str]:
    dots = []
    for column in columns:
        for row in column.rows:
            value = line.values[row]
            if frames[row] not in line.marked or value is None:
                continue
            dots.append(
                f'<a href="{escape(line.marked[frames[row]])}" tabindex="-1">'
                f'<circle class="dot" cx="{column.x:.1f}" cy="{_y(value, low, high):.1f}" r="4">'
                f"<title>{escape(f'frame {frames[row]}: {line.label} {number(value)}')}</title></circle></a>"
            )
    return dots


def _range_in_words(lines: Sequence[Line], unit: str) -> str:
    told = []
    for line in lines:
        values = [value for value in line.values if value is not None]
        if values:
            told.append(f"{line.label} {number(min(values))} to {number(max(values))}{_space(unit)}")
    return ", ".join(told)


def _space(unit: str) -> str:
    return unit if unit in ("", "°") else f" {unit}"
