"""The page that shows how a swap is: what to look at, the figures over time, and faces of the shot."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from ml_backend.swapping.manifest import Manifest

from ..figures import FIGURES
from ..findings import Look, percent
from ..rows import Row
from ..thumbnails import Thumbnails
from .curves import curves
from .plot import number
from .style import STYLE

_SHOWN = {"plate": "Plate", "swap": "Swap", "mask": "What was painted", "truth": "Truth"}
_NOTHING_OUTSIDE = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


@dataclass(frozen=True)
class Report:
    """What the page tells. spread: frames over the whole shot; thumbnails: of these and of the first looks' worst.

    faces: the figures of each of several faces; empty for one.
    """

    name: str
    manifest: Manifest
    rows: Sequence[Row]
    figures: Mapping[str, Any]
    remarks: Sequence[str]
    looks: Sequence[Look]
    faces: Sequence[Mapping[str, Any]]
    spread: Sequence[int]
    thumbnails: Mapping[int, Thumbnails]


def make_report(report: Report) -> str:
    """The whole page as HTML. It loads nothing, runs nothing, and says only escaped text of others."""
    name = escape(report.name)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_NOTHING_OUTSIDE}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{name} – how the swap is</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<header>\n<h1>{name}</h1>\n{_facts(report)}\n</header>\n<main>\n"
        f"{_verdict(report)}\n{_tiles(report.figures)}\n{_looks(report)}\n"
        f"<section>\n<h2>Over time</h2>\n{curves(report.rows, _marked(report))}\n</section>\n"
        f"{_each_face(report.faces)}\n{_spread(report)}\n{_table(report.figures)}\n</main>\n</body>\n</html>\n"
    )


def _facts(report: Report) -> str:
    manifest = report.manifest
    facts = [
        f"identity {manifest.identity}",
        f"plate {manifest.plate.get('source', '')}",
        f"frames {report.rows[0].frame}–{report.rows[-1].frame}",
        f"{manifest.width}×{manifest.height}",
        f"model {manifest.model}, checkpoint {manifest.checkpoint}",
    ]
    return f'<p class="facts">{escape(" · ".join(facts))}</p>'


def _verdict(report: Report) -> str:
    count, frames = report.figures["frames_to_look_at"], len(report.rows)
    text = f"{count} of {frames} frames need a look." if count else f"None of the {frames} frames stands out."
    remarks = "".join(f"<li>{escape(remark)}</li>" for remark in report.remarks)
    return f'<p class="verdict">{text}</p>' + (f'<ul class="remarks">{remarks}</ul>' if remarks else "")


def _tiles(figures: Mapping[str, Any]) -> str:
    """The figures that one looks at first."""
    tiles: list[tuple[str, str, Callable[[float], str]]] = [
        ("nearer_to_identity", "of the frames look more like the identity than the performer", percent),
        ("expression_error_plate", "off the plate's expression", "{:.1f} %".format),
        ("pose_error_plate_deg", "off the plate's pose", "{:.1f}°".format),
        ("jitter_ratio", "times the plate's trembling", "{:.2f}".format),
        ("flicker_brightness", "L* flicker of brightness", "{:.2f}".format),
        ("sharpness_ratio", "of the plate's sharpness", percent),
        ("edge_visibility", "ΔE too much across the mask's edge", "{:.2f}".format),
        ("psnr", "dB PSNR against the truth", "{:.1f}".format),
    ]
    boxes = [
        f'<div class="tile"><b>{shown(figures[key])}</b><span>{escape(text)}</span></div>'
        for key, text, shown in tiles
        if figures[key] is not None
    ]
    return f'<div class="tiles">{"".join(boxes)}</div>'


def _looks(report: Report) -> str:
    if not report.looks:
        return ""
    cards, more = [], []
    for look in report.looks:
        thumbnails = report.thumbnails.get(look.worst)
        if thumbnails:
            cards.append(_card(look, thumbnails))
        else:
            more.append(f'<li id="{_anchor(look)}">{look.frames.capitalize()}: {escape("; ".join(look.reasons))}</li>')
    rest = f'<h3>And these</h3><ul class="more">{"".join(more)}</ul>' if more else ""
    return f"<section>\n<h2>Frames that need a look</h2>\n{''.join(cards)}{rest}\n</section>"


def _card(look: Look, thumbnails: Thumbnails) -> str:
    reasons = "".join(f"<li>{escape(reason)}</li>" for reason in look.reasons)
    heading = look.frames.capitalize() + ("" if look.first == look.last else f", worst on {look.worst}")
    bad = " bad" if look.severity >= 2 else ""
    return (
        f'<article class="look{bad}" id="{_anchor(look)}"><h3>{heading}</h3><ul>{reasons}</ul>'
        f"{_strip(look.worst, thumbnails)}</article>\n"
    )


def _strip(frame: int, thumbnails: Thumbnails) -> str:
    figures = [
        f'<figure><img src="{escape(thumbnails[key])}" alt="{caption}, frame {frame}" width="224" height="224">'
        f"<figcaption>{caption}</figcaption></figure>"
        for key, caption in _SHOWN.items()
        if key in thumbnails
    ]
    return f'<div class="strip">{"".join(figures)}</div>'


def _anchor(look: Look) -> str:
    return f"look-{look.worst}"


def _marked(report: Report) -> dict[str, dict[int, str]]:
    """For the figures that stand out somewhere: the frames, and where a dot on them leads to."""
    marked: dict[str, dict[int, str]] = {}
    for look in report.looks:
        for kind in look.kinds:
            frames = {row.frame: f"#{_anchor(look)}" for row in report.rows if look.first <= row.frame <= look.last}
            marked.setdefault(kind, {}).update(frames)
    return marked


def _spread(report: Report) -> str:
    cards = [
        f'<article class="look"><h3>Frame {frame}</h3>{_strip(frame, report.thumbnails[frame])}</article>'
        for frame in report.spread
    ]
    return f'<section>\n<h2>Over the shot</h2>\n<div class="spread">{"".join(cards)}</div>\n</section>'


def _each_face(faces: Sequence[Mapping[str, Any]]) -> str:
    """A column a face, for several."""
    if not faces:
        return ""
    heads = "".join(f'<th scope="col" class="n">{n}</th>' for n in range(1, len(faces) + 1))
    lines = [("Frames", [f"{face['frames']} of {face['first']}–{face['last']}" for face in faces])]
    lines.append(("Where, on the first", ["{:.0f}, {:.0f}: {:.0f}×{:.0f} px".format(*face["place"]) for face in faces]))
    for figure in FIGURES:
        for key, whose in ((figure.key, ""), (figure.plate, ", plate")):
            values = [face[key] if key else None for face in faces]
            if any(value is not None for value in values):
                shown = ["" if value is None else number(value) for value in values]
                lines.append((f"{figure.label}{whose}", shown))
    rows = "".join(
        f'<tr><th scope="row">{escape(label)}</th>'
        + "".join(f'<td class="n">{escape(text)}</td>' for text in texts)
        + "</tr>"
        for label, texts in lines
    )
    return (
        '<section>\n<h2>Each face</h2>\n<table><thead><tr><th scope="col">Mean over its frames</th>'
        f"{heads}</tr></thead><tbody>{rows}</tbody></table>\n</section>"
    )


def _table(figures: Mapping[str, Any]) -> str:
    rows = []
    for figure in FIGURES:
        values = [figures[key] if key else None for key in (figure.key, figure.plate, figure.truth)]
        if values[0] is None:
            continue
        cells = "".join(f'<td class="n">{"" if value is None else number(value)}</td>' for value in values)
        unit, better = escape(figure.unit), f" ({figure.better} is better)" if figure.better else ""
        rows.append(
            f'<tr><th scope="row">{escape(figure.label)}</th>{cells}<td>{unit}</td>'
            f'<td class="meaning">{escape(figure.meaning + better)}</td></tr>'
        )
    return (
        '<section>\n<h2>All figures</h2>\n<table><thead><tr><th scope="col">Mean over the frames</th>'
        '<th scope="col" class="n">Swap</th><th scope="col" class="n">Plate</th><th scope="col" class="n">Truth</th>'
        f'<th scope="col">Unit</th><th scope="col" class="meaning">Meaning</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>\n"
        '<p class="faint">Every frame’s figures are in evaluation.json. Where several faces were replaced, these are '
        "the figures of the largest one.</p>\n</section>"
    )
