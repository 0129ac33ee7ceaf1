"""Which figures the report draws, and with which others on one plot."""

from collections.abc import Mapping, Sequence
from html import escape

from ml_backend.faces.recognition import SAME_PERSON

from ..figures import FIGURES, Figure
from ..rows import Row
from .plot import Line, line_plot

Marked = Mapping[str, Mapping[int, str]]

_TOGETHER = {"identity_to_identity": ("identity_to_performer",), "flicker_brightness": ("flicker_colour",)}
_LEVELS = {"identity_to_identity": (SAME_PERSON, "same person below")}
_NAMES = {
    "identity_to_identity": "to the identity",
    "identity_to_performer": "to the performer",
    "flicker_brightness": "L*, brighter above 0",
    "flicker_colour": "colour, ΔE",
}
_TITLES = {"identity_to_identity": "Distance to identity and performer", "flicker_brightness": "Flicker"}
_NOT_DRAWN = frozenset({"coverage_change", "edge_visibility"})  # their plots would say again what others say


def curves(rows: Sequence[Row], marked: Marked) -> str:
    """A plot of every figure that was measured. marked: by figure the frames with a dot, and where it leads to."""
    beside = {key for keys in _TOGETHER.values() for key in keys}
    plots = [_plot(figure, rows, marked) for figure in FIGURES if figure.key not in beside | _NOT_DRAWN]
    return "\n".join(plot for plot in plots if plot)


def _plot(figure: Figure, rows: Sequence[Row], marked: Marked) -> str:
    others = _TOGETHER.get(figure.key, ())
    lines = [_line(rows, figure.key, _NAMES.get(figure.key, "swap"), "swap", marked)]
    if others:
        lines += [_line(rows, key, _NAMES[key], "other", marked) for key in others]
    else:
        lines += [
            _line(rows, key, name, name, marked)
            for key, name in ((figure.plate, "plate"), (figure.truth, "truth"))
            if key
        ]
    lines = [line for line in lines if any(value is not None for value in line.values)]
    title = _TITLES.get(figure.key, figure.label)
    frames = [row.frame for row in rows]
    unit = "" if others else figure.unit
    svg = line_plot(title, frames, lines, unit, _LEVELS.get(figure.key))
    if not svg:
        return ""
    legend = "".join(f'<i class="{line.style}"></i>{escape(line.label)}' for line in lines)
    shown = f'<div class="legend">{legend}</div>' if len(lines) > 1 else ""
    meanings = [one.meaning for one in FIGURES if one.key in (figure.key, *others)]
    return (
        f'<div class="plot">{shown}<h3>{escape(title)}</h3>'
        f'<p class="meaning">{escape(" ".join(meanings))}</p>{svg}</div>'
    )


def _line(rows: Sequence[Row], key: str, label: str, style: str, marked: Marked) -> Line:
    return Line(label, [row.get(key) for row in rows], style, marked.get(key, {}))
