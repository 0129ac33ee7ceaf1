"""`ml-backend faceset stats|export`."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ml_backend import atomic


def add_faceset_parser(subparsers: Any) -> None:
    """Add `faceset` and its actions to `subparsers` (of an argparse parser); each sets `handler`."""
    text = "describe and export stored faces"
    actions = subparsers.add_parser("faceset", help=text, description=text).add_subparsers(
        dest="faceset_action", required=True, metavar="ACTION"
    )
    _action(actions, "stats", _stats, "count the faces of a faceset and say where they look")
    export = _action(actions, "export", _export, "write the data of every face as one line of JSON")
    export.add_argument("--out", type=Path, metavar="FILE", help="write the lines there, not on standard output")


def _action(
    actions: Any, name: str, handler: Callable[[argparse.Namespace], int], text: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=text, description=text)
    parser.add_argument("faceset", type=Path, metavar="DIR")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.set_defaults(handler=handler)
    return parser


def _stats(args: argparse.Namespace) -> int:
    from .describe import stats
    from .store import Faceset

    values = stats(Faceset.open(args.faceset))
    if args.json:
        print(json.dumps(values, ensure_ascii=False))
        return 0
    shown = values | {
        "identity": values["identity"] or "-",
        "sources": ", ".join(f"{one['source']} ({one['faces']} faces)" for one in values["sources"]) or "-",
        "pose": "  ".join(f"{name} {ends[0]} to {ends[1]}°" for name, ends in values["pose"].items() if ends) or "-",
    }
    print("\n".join(f"{key.replace('_', ' '):>22}  {value}" for key, value in shown.items()))
    return 0


def _export(args: argparse.Namespace) -> int:
    from .describe import describe
    from .store import Faceset

    faces = Faceset.open(args.faceset).faces()
    lines = (json.dumps(describe(face), ensure_ascii=False) for face in faces)
    if args.out is None:
        for line in lines:
            print(line)
        return 0
    atomic.write_bytes(args.out.absolute(), "".join(f"{line}\n" for line in lines).encode())
    result = {"faces": len(faces), "out": str(args.out)}
    print(json.dumps(result, ensure_ascii=False) if args.json else f"{len(faces)} faces are in {args.out}.")
    return 0
