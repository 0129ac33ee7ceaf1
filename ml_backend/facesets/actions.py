"""What `ml-backend faceset` does: runs an action and tells people or programs of it.

Each function takes the parsed arguments and returns the exit code; what goes wrong is raised as a BackendError.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from ml_backend import atomic
from ml_backend.errors import BackendError, UsageError
from ml_backend.faces.repairs import FILE as REPAIRS
from ml_backend.terminal import TerminalReporter

from . import describe as described
from .check import run_check
from .choices import LIMITS, Limits
from .coverage import find_gaps
from .coverage_picture import draw_coverage
from .drawing import save
from .filter import restore, run_filter
from .masks import import_masks
from .merge import run_merge
from .order import run_sort
from .repair_file import Wish, change_repairs
from .scores import measured
from .split import run_split
from .store import Faceset
from .table import Table, read_table
from .use import enter_use

_SHOWN = 10  # lines of a list that people see


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, default=str)


def stats(args: argparse.Namespace) -> int:
    if args.picture is not None and args.against is None:
        raise UsageError("--picture draws two facesets.", "Name the performer's with --against DIR.")
    faceset = Faceset.open(args.faceset)
    other = None if args.against is None else Faceset.open(args.against)
    with TerminalReporter() as reporter:
        table = read_table(faceset, reporter)
        values = described.stats(faceset) | {"scores": described.spread(table), "coverage": described.coverage(table)}
        if other is not None:
            values |= _compared(faceset, table, other, read_table(other, reporter), args.picture)
    if args.json:
        print(_json(values))
        return 0
    lines = {
        key: value
        for key, value in values.items()
        if key not in ("scores", "coverage", "missing", "against", "picture", "without_face")
    }
    shown = lines | {
        "identity": values["identity"] or "-",
        "sources": ", ".join(f"{one['source']} ({one['faces']} faces)" for one in values["sources"]) or "-",
        "pose": "  ".join(f"{name} {ends[0]} to {ends[1]}°" for name, ends in values["pose"].items() if ends) or "-",
    }
    print("\n".join(f"{key.replace('_', ' '):>22}  {value}" for key, value in shown.items()))
    if values["without_face"]:
        print(f"{'no face':>22}  {_where(values['without_face'])}")
    for name, ends in values["scores"].items():
        told = "  ".join(f"{word} {'-' if value is None else f'{value:.4g}'}" for word, value in ends.items())
        print(f"{name.replace('_', ' '):>22}  {told}")
    if other is not None:
        print("\n".join(_told(values)))
    return 0


def _where(absent: list[dict[str, Any]]) -> str:
    """The frames without a face, those beside a profile marked."""
    told = []
    for one in absent[:_SHOWN]:
        frames = f"{one['first']}-{one['last']}" if one["last"] > one["first"] else str(one["first"])
        told.append(f"{Path(one['source']).name} {frames}" + (" (head turned away)" if one["turned"] else ""))
    rest = [f"and {len(absent) - _SHOWN} more; --json has all"] if len(absent) > _SHOWN else []
    return ", ".join([*told, *rest])


def _compared(
    faceset: Faceset, identity: Table, other: Faceset, performer: Table, picture: Path | None
) -> dict[str, Any]:
    gaps = find_gaps(identity, performer)
    if picture is not None:
        titles = (other.info.identity or other.folder.name, faceset.info.identity or faceset.folder.name)
        save(picture, draw_coverage(performer, identity, titles, gaps))
    return {
        "against": str(other.folder),
        "picture": None if picture is None else str(picture),
        "missing": described.told_gaps(gaps, performer),
    }


def _told(values: dict[str, Any]) -> list[str]:
    gaps = values["missing"]
    if not gaps:
        return [f"Nothing is missing: {values['faceset']} shows all that {values['against']} does."]
    lines = [f"What {values['faceset']} lacks for {values['against']}, worst first:"]
    for gap in gaps[:_SHOWN]:
        frames = ", ".join(str(one["frame"]) for one in gap["examples"])
        source = Path(gap["examples"][0]["source"]).name
        lines.append(f"  {gap['missing']} (the performer has {gap['performer_faces']}, see {source} {frames})")
    if len(gaps) > _SHOWN:
        lines.append(f"  and {len(gaps) - _SHOWN} more; --json has all")
    if values["picture"]:
        lines.append(f"The picture is {values['picture']}.")
    return lines


def show_sorted(args: argparse.Namespace) -> int:
    faceset = Faceset.open(args.faceset)
    sheet = args.sheet or args.faceset / f"sorted_by_{args.by}.png"
    with TerminalReporter() as reporter:
        result = run_sort(faceset, args.by, sheet, reporter, out=args.out, descending=args.descending)
    if args.json:
        print(_json(result))
        return 0
    for one in result["order"]:
        value = "-" if one["value"] is None else f"{one['value']:.4g}"
        print(f"{value:>10}  {one['file']}")
    print(f"The sheet is {result['sheet']}." + (f" The copies are in {result['out']}." if args.out else ""))
    return 0


def leave_out(args: argparse.Namespace) -> int:
    limits = _limits(args)
    if args.even is not None and args.even < 1:
        raise UsageError(f"--even {args.even} is too few.", "Give 1 or more.")
    faceset = Faceset.open(args.faceset)
    if args.reason and not args.restore:
        raise UsageError("--reason says what to restore.", "Give --restore too.")
    if args.restore:
        if args.dry_run or args.even is not None or limits != Limits():
            raise UsageError("--restore goes with no other setting.", "Restore first, and filter again after it.")
        back = restore(faceset, args.reason or ())
        plain = f"{back['restored']} faces are in use again; {back['still_left_out']} stay left out."
        print(_json(back) if args.json else plain)
        return 0
    with TerminalReporter() as reporter:
        result = run_filter(faceset, limits, reporter, args.even, args.dry_run)
    if args.json:
        print(_json(result))
        return 0
    for file, reason in result["files"].items():
        print(f"{reason:>10}  {file}")
    told = ", ".join(f"{count} {reason}" for reason, count in result["left_out"].items()) or "none"
    verb = "would be" if args.dry_run else "are"
    print(f"{len(result['files'])} faces {verb} left out ({told}); {result['faces']} stay.")
    return 0


def merge(args: argparse.Namespace) -> int:
    with TerminalReporter() as reporter:
        result = run_merge(args.facesets, args.out, reporter)
    print(_json(result) if args.json else f"{result['faces']} faces are in {result['out']}.")
    return 0


def split(args: argparse.Namespace) -> int:
    faceset = Faceset.open(args.faceset)
    with TerminalReporter() as reporter:
        result = run_split(faceset, args.by, args.out, reporter)
    if args.json:
        print(_json(result))
        return 0
    for part in result["parts"]:
        print(f"{part['faces']:>8}  {part['faceset']}  {part['identity'] or '(nobody has said who this is)'}")
    return 0


def check(args: argparse.Namespace) -> int:
    with TerminalReporter() as reporter:
        result = run_check(args.faceset, reporter)
    if args.json:
        print(_json(result))
    else:
        for kind in ("broken", "doubtful"):
            for finding in result[kind]:
                print(f"{kind}: {finding['where']}: {finding['problem']} {finding['fix']}")
        counts = f"{len(result['broken'])} things are broken, {len(result['doubtful'])} doubtful"
        print(f"{result['faces']} faces were looked at: {counts}.")
    return 0 if result["ok"] else 1


def export(args: argparse.Namespace) -> int:
    faceset = Faceset.open(args.faceset)
    enter_use(faceset, "faceset export")
    with TerminalReporter() as reporter:
        stretched, square = faceset.stretched(), (1.0, 1.0)
        lines = (
            _json(described.describe(one.face, one.scores, stretched.get(str(one.face.source), square)))
            for one in measured(faceset, reporter)
        )
        if args.out is None:
            for line in lines:
                print(line)
            return 0
        written = [f"{line}\n" for line in lines]
    try:
        atomic.write_bytes(args.out.absolute(), "".join(written).encode())
    except OSError as error:
        raise BackendError(f"{args.out} cannot be written: {error.strerror}.", "Name a file elsewhere.") from error
    result = {"faces": len(written), "out": str(args.out)}
    print(_json(result) if args.json else f"{len(written)} faces are in {args.out}.")
    return 0


def take_masks(args: argparse.Namespace) -> int:
    faceset = Faceset.open(args.faceset)
    with TerminalReporter() as reporter:
        result = import_masks(faceset, args.folder, reporter)
    print(_json(result) if args.json else f"{result['imported']} masks are in {result['faceset']}.")
    if result["unknown"] and not args.json:
        print(f"{len(result['unknown'])} files are named as no face, such as {result['unknown'][0]}.")
    return 0


def _limits(args: argparse.Namespace) -> Limits:
    """The limits given, the defaults for the others; UsageError for what is no number."""
    given: dict[str, Any] = {
        name: _limit(name, getattr(args, name)) for name in LIMITS if getattr(args, name) is not None
    }
    if args.skin is not None:
        ends = [_limit("skin", end) for end in args.skin.split("-", 1)] if args.skin != "off" else None
        if ends is not None and (len(ends) != 2 or None in ends):
            raise UsageError(
                f"--skin {args.skin} is no range.", "Give the darkest and the lightest, such as 0.04-0.96."
            )
        given["skin"] = None if ends is None else tuple(ends)
    return Limits(**given)


def _limit(name: str, text: str) -> float | None:
    if text == "off":
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise UsageError(f"--{name} {text} is no number of 0 or more.", "Give one, or off.")
    return value


def repair(args: argparse.Namespace) -> int:
    wish = Wish(
        args.action, args.source, args.frame, args.frames, args.at, args.box, args.roll, args.point, args.number
    )
    changed, all_repairs = change_repairs(Faceset.open(args.faceset), wish)
    entries = [one.model_dump(mode="json", exclude_none=True) for one in all_repairs]
    if args.json:
        changed_entry = None if changed is None else changed.model_dump(mode="json", exclude_none=True)
        print(_json({"action": args.action or "list", "changed": changed_entry, "repairs": entries}))
        return 0
    for number, entry in enumerate(entries, 1):
        print(f"{number:>4}  {' '.join(f'{key}={value}' for key, value in entry.items())}")
    if changed is not None:
        print(f"{args.faceset / REPAIRS} has {len(entries)} corrections; the next extraction applies them.")
    elif not entries:
        print(f"There are no corrections in {args.faceset}.")
    return 0
