"""`ml-backend faceset stats|sort|filter|merge|split|check|export|repair`."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

from .choices import KEYS, LIMITS, REASONS, By, Limits


def add_faceset_parser(subparsers: Any) -> Any:
    """Add `faceset` and its actions to `subparsers` (of an argparse parser); each sets `handler`.

    Returns the actions' own subparsers, to add those of higher rooms.
    """
    text = "describe, sort, thin out, join, part, check, export and correct stored faces"
    actions = subparsers.add_parser("faceset", help=text, description=text).add_subparsers(
        dest="faceset_action", required=True, metavar="ACTION"
    )
    counted = _action(actions, "stats", "stats", "count the faces of a faceset and say where they look")
    counted.add_argument(
        "--against", type=Path, metavar="DIR", help="the performer's faceset: say what this identity lacks for it"
    )
    counted.add_argument("--picture", type=Path, metavar="PNG", help="with --against: draw what both cover")

    order = _action(actions, "sort", "show_sorted", "show the faces in an order; nothing that is stored is renamed")
    order.add_argument("--by", required=True, choices=KEYS, metavar="KEY", help=", ".join(KEYS))
    order.add_argument("--descending", action="store_true", help="the highest first")
    order.add_argument("--sheet", type=Path, metavar="PNG", help="the picture to draw (DIR/sorted_by_KEY.png)")
    order.add_argument("--out", type=Path, metavar="FOLDER", help="also copy the faces, numbered, to a new folder")

    thin = _action(actions, "filter", "leave_out", "leave bad and repeated faces out of training; deletes nothing")
    _add_limits(thin)
    thin.add_argument("--even", type=int, metavar="N", help="keep N faces, spread evenly over pose and expression")
    thin.add_argument("--dry-run", action="store_true", help="only say what would be left out")
    thin.add_argument("--restore", action="store_true", help="only take back in what was left out")
    thin.add_argument(
        "--reason", action="append", choices=REASONS, metavar="R", help=f"restore only these: {', '.join(REASONS)}"
    )

    join = actions.add_parser("merge", help="make one faceset of several", description="make one faceset of several")
    join.add_argument("facesets", nargs="+", type=Path, metavar="DIR")
    part = _action(actions, "split", "split", "make a faceset of each source, track or person")
    part.add_argument("--by", required=True, choices=get_args(By))
    for parser in (join, part):
        parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="a new folder")
    join.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    join.set_defaults(handler=_handler("merge"))

    _action(actions, "check", "check", "look for damage; exit 1 where something is broken")
    export = _action(actions, "export", "export", "write the data of every face as one line of JSON")
    export.add_argument("--out", type=Path, metavar="FILE", help="write the lines there, not on standard output")
    masks = _action(actions, "import-masks", "take_masks", "take painted masks: white is seen, black is covered")
    masks.add_argument("folder", type=Path, metavar="FOLDER", help="PNG files with the names of the faces' pictures")
    _add_repair(actions)
    return actions


def _add_repair(actions: Any) -> None:
    repair = _action(actions, "repair", "repair", "write corrections for the next extraction; alone: list them")
    repair.add_argument("action", nargs="?", choices=("delete", "add", "move", "landmarks", "undo"))
    repair.add_argument("--source", metavar="FILE", help="footage of the faceset, path or name (where it has several)")
    repair.add_argument("--frame", type=int, metavar="N")
    repair.add_argument("--frames", metavar="A-B", help="delete: one face in all these frames")
    repair.add_argument("--at", type=pixels, metavar="X,Y", help="delete, move, landmarks: a point on the face")
    repair.add_argument("--box", type=pixels, metavar="X0,Y0,X1,Y1", help="add, move: from the brows to the chin")
    repair.add_argument("--roll", type=float, metavar="DEG", help="add, move: tilt, counter-clockwise")
    repair.add_argument(
        "--point", action="append", default=[], metavar="N=X,Y", help="landmarks: where mesh point N is; repeatable"
    )
    repair.add_argument("--number", type=int, metavar="N", help="undo: which correction of the list (the last)")


def pixels(text: str) -> list[float]:
    return [float(part) for part in text.split(",")]


def _action(actions: Any, name: str, action: str, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=text, description=text)
    parser.add_argument("faceset", type=Path, metavar="DIR")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.set_defaults(handler=_handler(action))
    return parser


def _add_limits(parser: argparse.ArgumentParser) -> None:
    standard = Limits()
    for name, text in LIMITS.items():
        value = getattr(standard, name)
        shown = f"{text} ({'off' if value is None else f'{value:g}; off: do not look'})"
        parser.add_argument(f"--{name}", metavar="X", help=shown)
    low, high = standard.skin or (0.0, 1.0)
    shown = f"leave out faces whose skin is darker or lighter, 0-1 ({low:g}-{high:g}; off: do not look)"
    parser.add_argument("--skin", metavar="LOW-HIGH", help=shown)


def _handler(action: str) -> Callable[[argparse.Namespace], int]:
    """The function of that name in `actions`, which is imported when it is called: it takes a second."""

    def handle(args: argparse.Namespace) -> int:
        from . import actions

        return int(getattr(actions, action)(args))

    return handle
