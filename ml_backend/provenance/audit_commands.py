"""`ml-backend audit verify|show|rotate`."""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ml_backend.errors import UsageError
from ml_backend.provenance.audit import entries, rotate
from ml_backend.provenance.audit_verify import verify
from ml_backend.provenance.home import audit_file
from ml_backend.provenance.plain import plain


def add_audit_parser(subparsers: Any) -> None:
    """Add `audit` and its actions to `subparsers` (of an argparse parser); each sets `handler`."""
    text = "show and verify the record of what was done with people's faces"
    audit = subparsers.add_parser("audit", help=text, description=text)
    actions = audit.add_subparsers(dest="audit_action", required=True, metavar="ACTION")
    check = _action(actions, "verify", _verify, "say whether the chain holds; exit 1 names the first bad line")
    show = _action(actions, "show", _show, "list the entries, the newest last")
    show.add_argument("--last", type=int, default=20, metavar="N", help="so many (20; 0: all)")
    show.add_argument("--name", metavar="NAME", help="only those about this identity")
    for parser in (check, show):
        parser.add_argument("--file", type=Path, metavar="FILE", help="another file, such as one that was set aside")
    aside = _action(actions, "rotate", _rotate, "set the file aside and begin a new one that names its head")
    aside.add_argument("--reason", required=True, metavar="TEXT", help="why; it is entered")


def _action(
    actions: Any, name: str, handler: Callable[[argparse.Namespace], int], text: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=text, description=text)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.set_defaults(handler=handler)
    return parser


def _file(args: argparse.Namespace) -> Path:
    if args.file and not args.file.is_file():
        raise UsageError(f"There is no audit {args.file}.", "Leave --file out for your own.")
    return args.file or audit_file()


def _verify(args: argparse.Namespace) -> int:
    path = _file(args)
    verdict = verify(path)
    text = f"{path}: {verdict.entries} entries, the head is {verdict.head[:16]}."
    if verdict.cut_short:
        text += f" Lines that a kill cut short: {verdict.cut_short}."
    if not verdict.holds:
        text = f"{path} is NOT as it was written, from line {verdict.bad_line} on. {verdict.what}"
    elif verdict.what:
        text += f" {verdict.what}"
    _print(args, {"file": str(path), "holds": verdict.holds, **asdict(verdict)}, text)
    return 0 if verdict.holds else 1


def _show(args: argparse.Namespace) -> int:
    path = _file(args)
    found = [entry for entry in entries(path) if args.name in (None, *entry["people"])]
    shown = found[-args.last :] if args.last else found
    _print(args, {"file": str(path), "entries": shown}, "\n".join(map(_line, shown)) or "The audit has no entries.")
    return 0


def _line(entry: dict[str, Any]) -> str:
    people = ", ".join(f"{name} {sha256[:8]}".strip() for name, sha256 in entry["people"].items())
    facts = "  ".join(f"{key}={value}" for key, value in entry["facts"].items())
    return plain(f"{entry['n']:>6}  {entry['time'][:19]}  {entry['action']:16}  {people:30}  {facts}", 1000)


def _rotate(args: argparse.Namespace) -> int:
    old, head = rotate(args.reason)
    text = f"The audit goes on in {audit_file()}." + (f" The old file: {old}" if old else "")
    _print(args, {"file": str(audit_file()), "old": str(old) if old else None, "head": head}, text)
    return 0


def _print(args: argparse.Namespace, value: dict[str, Any], text: str) -> None:
    print(json.dumps(value, ensure_ascii=False) if args.json else text)
