"""Frames that need a look, and why, in words."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ml_backend.swapping.plan import MOST_DISTANT

from .outliers import Values, median, outliers, peaks, stand_out
from .rows import Row

# The least that is worth a look, however calm the shot is, in the units of the figures.
LIKENESS = 0.1
POSE = 3.0
EXPRESSION = 2.5
JITTER = 1.5
FLICKER = 1.5
SHRINK = 0.12  # of the usual coverage
SOFTER = 0.5  # octaves: 30 %
EDGE = 1.5
_CERTAIN = 3.0  # severity of what is wrong for certain
_EXPLAINS = frozenset({"face lost", "unpainted"})
_APPEARED = 0.9  # of the coverage, from one frame to the next


@dataclass(frozen=True)
class Finding:
    """kind: the figure that stands out, "face lost" or "unpainted".

    severity: how many times the allowed distance from what is usual; 1 is just worth a look.
    """

    frame: int
    kind: str
    severity: float
    reason: str


@dataclass(frozen=True)
class Look:
    """Frames in a row with the same trouble: from `first` to `last`, worst on the frame `worst`."""

    first: int
    last: int
    worst: int
    severity: float
    kinds: tuple[str, ...]
    reasons: tuple[str, ...]

    @property
    def frames(self) -> str:
        return f"frame {self.first}" if self.first == self.last else f"frames {self.first}–{self.last}"


def find_looks(rows: Sequence[Row]) -> list[Look]:
    """What a person should look at, the worst first."""
    findings = [*_faces(rows), *_levels(rows), *_jumps(rows), *_mask(rows)]
    of_frame: dict[int, list[Finding]] = {}
    for finding in findings:
        of_frame.setdefault(finding.frame, []).append(finding)
    groups: list[list[Finding]] = []
    before: list[Finding] = []
    for row in rows:
        here = of_frame.get(row.frame, [])
        if {finding.kind for finding in here} & {finding.kind for finding in before}:
            groups[-1] += here
        elif here:
            groups.append(here)
        before = here
    return sorted((_look(group) for group in groups), key=lambda look: (-look.severity, look.first))


def _look(group: Sequence[Finding]) -> Look:
    order = sorted(group, key=lambda finding: -finding.severity)
    reasons = {finding.kind: finding.reason for finding in reversed(order)}  # each kind's worst
    frames = [finding.frame for finding in group]
    # what explains the rest comes first
    kinds = dict.fromkeys(finding.kind for finding in sorted(order, key=lambda one: one.kind not in _EXPLAINS))
    return Look(
        min(frames),
        max(frames),
        order[0].frame,
        order[0].severity,
        tuple(kinds),
        tuple(reasons[kind] for kind in kinds),
    )


def _faces(rows: Sequence[Row]) -> Iterator[Finding]:
    for row in rows:
        if row.plate_face is None:
            continue
        if row.swap_face is None:
            yield Finding(row.frame, "face lost", _CERTAIN, "no face can be seen in the swap, but in the plate")
        stranger = (row.get("plate_to_performer") or 0.0) >= MOST_DISTANT
        if row.painted == 0 and not stranger:
            yield Finding(row.frame, "unpainted", _CERTAIN, "nothing was painted, though the plate shows a face")


def _levels(rows: Sequence[Row]) -> Iterator[Finding]:
    """Frames on which a figure is worse than in the rest of the shot."""
    if any("identity_to_performer" in row.figures for row in rows):
        nearness = _values(rows, _nearer_to_performer)
    else:
        nearness = _values(rows, lambda row: row.get("identity_to_identity"))
    yield from _worse(rows, "identity_to_identity", nearness, LIKENESS, _likeness_in_words)
    yield from _worse(
        rows,
        "pose_error_plate_deg",
        _values(rows, lambda row: row.get("pose_error_plate_deg")),
        POSE,
        lambda _, value, usual: f"the head is turned {value:.1f}° away from the plate's, usually {usual:.1f}°",
    )
    yield from _worse(
        rows,
        "expression_error_plate",
        _values(rows, lambda row: row.get("expression_error_plate")),
        EXPRESSION,
        lambda _, value, usual: f"the expression is {value:.1f} % off the plate's, usually {usual:.1f} %",
    )
    yield from _worse(
        rows,
        "sharpness",
        _softness(rows),
        SOFTER,
        lambda _, value, usual: f"it has {percent(2**-value)} of the plate's sharpness, usually {percent(2**-usual)}",
    )
    yield from _worse(
        rows,
        "edge",
        _values(rows, lambda row: row.get("edge_visibility")),
        EDGE,
        lambda _, value, usual: f"the mask's edge shows (ΔE {value:.1f} too much across it, usually {usual:.1f})",
    )


def _jumps(rows: Sequence[Row]) -> Iterator[Finding]:
    """Frames that differ from their neighbours, while the plate does not."""
    yield from _worse(
        rows,
        "jitter",
        _values(rows, _excess_jitter),
        JITTER,
        lambda row, _, __: (
            f"the face jumps by {row.figures['jitter']:.1f} %, the plate's {row.figures['jitter_plate']:.1f} %"
        ),
        jumps=True,
    )
    yield from _worse(
        rows,
        "flicker_brightness",
        _values(rows, lambda row: None if (off := row.get("flicker_brightness")) is None else abs(off)),
        FLICKER,
        lambda row, value, _: f"it is {value:.1f} L* {_way(row)} than on the frames before and after",
        jumps=True,
    )
    yield from _worse(
        rows,
        "flicker_colour",
        _values(rows, lambda row: row.get("flicker_colour")),
        FLICKER,
        lambda _, value, __: f"its colour is ΔE {value:.1f} off the frames before and after",
        jumps=True,
    )


def _mask(rows: Sequence[Row]) -> Iterator[Finding]:
    """Frames on which the mask has another size than on the one before. A slow fade has none."""
    areas = _values(rows, lambda row: row.get("coverage"))
    usual = median(areas) or 0.0
    steps: list[float | None] = [None] * len(rows)
    for n in range(1, len(rows)):
        before, now = areas[n - 1], areas[n]
        if before is not None and now is not None and rows[n].frame == rows[n - 1].frame + 1:
            steps[n] = (now - before) / max(before, now, usual, 1e-6)
    found = outliers([None if step is None else abs(step) for step in steps], SHRINK)
    for n, outlier in found.items():
        before, now, step = areas[n - 1] or 0.0, areas[n] or 0.0, steps[n] or 0.0
        if n - 1 in found and (steps[n - 1] or 0.0) * step < 0 and n > 1:
            calm = areas[n - 2] or 0.0
            if abs(now - calm) <= SHRINK * max(now, calm):
                continue  # back to what it was: the frame before is the odd one
        yield Finding(rows[n].frame, "coverage", outlier.times, _mask_in_words(before, now))


def _mask_in_words(before: float, now: float) -> str:
    if now < before:
        return (
            "the mask vanished" if now < (1 - _APPEARED) * before else f"the mask shrank by {percent(1 - now / before)}"
        )
    return "the mask appeared" if before < (1 - _APPEARED) * now else f"the mask grew by {percent(now / before - 1)}"


def _worse(
    rows: Sequence[Row],
    kind: str,
    values: Values,
    floor: float,
    words: Callable[[Row, float, float], str],
    *,
    jumps: bool = False,
) -> Iterator[Finding]:
    """Findings for the values that stand out upwards.

    words: of the row, its value and the usual one. jumps: the values are already differences between neighbours.
    """
    found = peaks(outliers(values, floor)) if jumps else stand_out(values, floor)
    for n, outlier in found.items():
        yield Finding(rows[n].frame, kind, outlier.times, words(rows[n], values[n] or 0.0, outlier.usual))


def _values(rows: Sequence[Row], value: Callable[[Row], float | None]) -> list[float | None]:
    return [value(row) for row in rows]


def _nearer_to_performer(row: Row) -> float | None:
    """How much nearer to the performer than to the identity."""
    identity, performer = row.get("identity_to_identity"), row.get("identity_to_performer")
    return None if identity is None or performer is None else identity - performer


def _likeness_in_words(row: Row, value: float, usual: float) -> str:
    identity, performer = row.figures["identity_to_identity"], row.get("identity_to_performer")
    if performer is None:
        return f"it looks less like the identity ({value:.2f} away, usually {usual:.2f})"
    if identity > performer:
        return f"it looks more like the performer ({performer:.2f} away) than like the identity ({identity:.2f})"
    return f"it looks less like the identity ({identity:.2f} away, and {performer:.2f} from the performer)"


def _softness(rows: Sequence[Row]) -> list[float | None]:
    """Octaves by which the swap is softer than the plate. A plate that seems too sharp for one frame does not count."""
    plates = [row.get("sharpness_plate") for row in rows]
    found: list[float | None] = []
    for n, (row, plate) in enumerate(zip(rows, plates, strict=True)):
        swap, around = row.get("sharpness"), median(plates[max(0, n - 2) : n + 3])
        found.append(-math.log2(swap / min(plate, around)) if swap and plate and around else None)
    return found


def _excess_jitter(row: Row) -> float | None:
    swap, plate = row.get("jitter"), row.get("jitter_plate")
    return None if swap is None or plate is None else swap - plate


def _way(row: Row) -> str:
    return "brighter" if row.figures["flicker_brightness"] > 0 else "darker"


def percent(part: float) -> str:
    return f"{100 * part:.0f} %"


def shot_remarks(rows: Sequence[Row], figures: Mapping[str, float | None]) -> list[str]:
    """What is to be said of the whole shot, in sentences; nothing where all is well.

    figures: those of `summarise`. A few bad frames, which `find_looks` names, make no remark.
    """
    remarks = []
    nearer = figures["nearer_to_identity"]
    if nearer is not None and nearer < 0.9:
        remarks.append(
            f"On {percent(1 - nearer)} of the frames the swap does not look more like the identity than like the "
            "performer: train longer, or look at the faceset."
        )
    for key, most, text in (
        ("flicker_brightness", 0.5, "The swap's brightness flickers by {:.1f} L* mostly: choose colour=light."),
        ("flicker_colour", 0.5, "The swap's colour flickers by ΔE {:.1f} mostly: choose colour=light."),
        ("edge_visibility", 2.0, "The mask's edge shows all along (ΔE {:.1f} too much): feather more."),
    ):
        value = median([None if (one := row.get(key)) is None else abs(one) for row in rows])
        if value is not None and value > most:
            remarks.append(text.format(value))
    excess = median([_excess_jitter(row) for row in rows])
    if excess is not None and excess > 0.5:
        remarks.append(f"The swap's face trembles by {excess:.1f} % more than the plate's: raise smooth.")
    softness = median(_softness(rows))
    ratio = figures["sharpness_ratio"]
    if softness is not None and softness > SOFTER and ratio is not None:
        remarks.append(
            f"The swap has {percent(ratio)} of the plate's sharpness: train longer or a model of higher resolution, "
            "or raise sharpness."
        )
    return remarks
