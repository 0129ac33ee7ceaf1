"""`ml-backend consent new|show|check|revoke|list|trust|distrust|schema`.

Each handler takes the parsed arguments, prints for people or with --json one JSON object as its last line, and
returns the exit code; what goes wrong is raised as a BackendError for the command line to print.
"""

import argparse
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, get_args

from ml_backend.errors import BackendError, UsageError
from ml_backend.provenance import audit
from ml_backend.provenance.consent import ConsentRefused, check_record, find_record, read_record, valid_record
from ml_backend.provenance.gate import check_project, check_shot
from ml_backend.provenance.home import consent_folder
from ml_backend.provenance.keys import public_hex, read_public_key, trust_key
from ml_backend.provenance.new_record import Embed, add_new_options, make_record
from ml_backend.provenance.plain import plain
from ml_backend.provenance.record import Action, ConsentRecord
from ml_backend.provenance.references import forget_references
from ml_backend.provenance.revocation import revoke, revoke_key

_LONGEST = 20_000  # letters of a line: 256 hashes of earlier records, and the field's name


def add_consent_parser(subparsers: Any, embed: Embed | None = None) -> None:
    """Add `consent` and its actions to `subparsers` (of an argparse parser); each sets `handler`.

    embed: what `consent new --reference` looks at a picture with.
    """
    consent = subparsers.add_parser("consent", help="make, show, check and revoke consent records")
    actions = consent.add_subparsers(dest="consent_action", required=True, metavar="ACTION")

    make = partial(_new, embed=embed)
    add_new_options(_action(actions, "new", make, "make and sign a record for an identity"), embed)
    show = _action(actions, "show", _show, "show a record")
    check = _action(actions, "check", _check, "say whether a record is valid; exit 3 where it is not")
    check.add_argument("--action", choices=get_args(Action), help="also check that this is allowed")
    check.add_argument("--project", metavar="NAME", help="also check that it is for this production")
    check.add_argument("--shot", metavar="NAME", help="also check that it covers this shot")
    withdraw = _action(actions, "revoke", _revoke, "withdraw a record for good")
    withdraw.add_argument("--reason", default="", help="why")
    for parser in (show, check, withdraw):
        parser.add_argument("name", metavar="NAME", help="the identity")
    listing = _action(actions, "list", _list, "list the records and their state")
    for parser in (show, check, withdraw, listing):
        parser.add_argument("--consent", type=Path, metavar="DIR", help="a folder of records besides the user's own")

    trust = _action(actions, "trust", _trust, "accept the records that another key signed")
    trust.add_argument("key", type=Path, metavar="KEY.pem", help="the public key of someone you know")
    distrust = _action(actions, "distrust", _distrust, "let nothing count any more that a key has signed")
    distrust.add_argument("key", metavar="KEY", help="the public key's PEM file, or its 64 hex digits")
    distrust.add_argument("--reason", default="", help="why")
    distrust.add_argument(
        "--consent", type=Path, metavar="DIR", help="tell it beside these records, to travel with them"
    )
    _action(actions, "schema", _schema, "print the JSON Schema of a record")


def _action(
    actions: Any, name: str, handler: Callable[[argparse.Namespace], int], text: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=text, description=text)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.set_defaults(handler=handler)
    return parser


def _print(args: argparse.Namespace, value: dict[str, Any], *lines: str) -> None:
    """lines: what people read; what a record says in one makes no other and does not steer the terminal."""
    shown = "\n".join(plain(line, _LONGEST) for line in lines)
    print(json.dumps(value, ensure_ascii=False) if args.json else shown)


def _new(args: argparse.Namespace, embed: Embed | None) -> int:
    record, path, lines = make_record(args, embed)
    _print(args, _as_json(record, path), *lines)
    return 0


def _as_json(record: ConsentRecord, path: Path) -> dict[str, Any]:
    return {
        "identity": record.identity,
        "path": str(path),
        "sha256": record.sha256(),
        "record": record.model_dump(mode="json"),
    }


def _show(args: argparse.Namespace) -> int:
    record, path = find_record(args.name, args.consent)
    lines = [
        f"{key:13} {_plain(value)}" for key, value in record.model_dump(mode="json", exclude={"signature"}).items()
    ]
    lines += [
        f"{'days left':13} {_days(record)}",
        f"{'signed with':13} {record.signature.key}",
        f"{'sha256':13} {record.sha256()}",
        f"{'file':13} {path}",
    ]
    _print(args, {**_as_json(record, path), **_state(record, path, args.consent)}, *lines)
    return 0


def _plain(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else "-" if value is None else str(value)


def _check(args: argparse.Namespace) -> int:
    try:
        record, path = valid_record(args.name, args.action, args.consent, partial(_check_scope, args))
    except ConsentRefused as refusal:
        if not args.json:
            raise
        error = {"code": refusal.reason, "message": refusal.message, "fix": refusal.fix}
        print(json.dumps({"identity": args.name, "valid": False, "error": error}, ensure_ascii=False))
        return refusal.exit_code
    text = (
        f"The consent of {args.name} is valid until {record.expires:%Y-%m-%d} ({_days(record)} days left): "
        f"{', '.join(record.actions)}; project {record.project}; shots {', '.join(record.shots)}."
    )
    _print(args, {**_as_json(record, path), "valid": True}, text)
    return 0


def _check_scope(args: argparse.Namespace, record: ConsentRecord, path: Path) -> None:
    if args.project is not None:
        check_project(record, path, args.project)
    if args.shot is not None:
        check_shot(record, path, args.shot)


def _days(record: ConsentRecord) -> int:
    """How many whole days are left; 0 where it has expired."""
    return max(0, (record.expires - datetime.now(UTC)).days)


def _revoke(args: argparse.Namespace) -> int:
    record, path = find_record(args.name, args.consent)
    audit.enter("consent revoke", {args.name: record.sha256()}, {"reason": args.reason})
    beside = path.parent if path.parent != consent_folder() else None
    entry = revoke(record, args.reason, beside)
    where = f" and beside the records in {beside}" if beside else ""
    forget_references(record)
    told = {"identity": args.name, "path": str(path), "revocation": entry.model_dump(mode="json")}
    count = len(record.replaces)
    earlier = f" So {'is 1 record' if count == 1 else f'are {count} records'} that it succeeded." if count else ""
    _print(
        args,
        told,
        f"The consent of {args.name} is revoked on this machine{where}.{earlier} Tell other machines too: run the same "
        "there.",
        "What was made stays where it is. Delete their facesets, the models that learned them with the portraits and "
        "previews in these, exported models and swaps, as the agreement says.",
    )
    return 0


def _list(args: argparse.Namespace) -> int:
    if args.consent and not args.consent.is_dir():
        raise UsageError(f"There is no folder of records {args.consent}.", "Give a folder of records that exists.")
    folders = [consent_folder(), *([args.consent] if args.consent else [])]
    rows = [_row(path, args.consent) for folder in folders for path in sorted(folder.glob("[!_]*.json"))]
    lines = [_line(row) for row in rows]
    none = "There are no records. Make one: ml-backend consent new --help"
    _print(args, {"records": rows}, *(lines or [none]))
    return 0


def _line(row: dict[str, Any]) -> str:
    left = f"{row['days_left']:>5} days" if "days_left" in row else ""
    scope = f"{row.get('project', ''):20} {','.join(row.get('shots', [])):20}"
    return f"{row['identity']:24} {row['state']:14} {left:10}  {scope} {row['path']}"


def _row(path: Path, extra: Path | None) -> dict[str, Any]:
    row = {"identity": path.stem, "path": str(path)}
    try:
        record = read_record(path, path.stem)
    except BackendError as error:
        return {**row, "state": error.reason if isinstance(error, ConsentRefused) else "unreadable"}
    dumped = record.model_dump(mode="json", include={"basis", "actions", "project", "shots", "expires"})
    return {**row, **dumped, "sha256": record.sha256(), **_state(record, path, extra)}


def _state(record: ConsentRecord, path: Path, extra: Path | None) -> dict[str, Any]:
    left = {"days_left": _days(record)}
    try:
        check_record(record, path, None, extra)
    except ConsentRefused as refusal:
        return {"state": refusal.reason, **left}
    return {"state": "valid", **left}


def _trust(args: argparse.Namespace) -> int:
    audit.enter("consent trust", {}, {"key": public_hex(read_public_key(args.key))})
    key, kept = trust_key(args.key)
    told = f"Records signed with the key {key[:16]} count from now on."
    _print(args, {"key": key, "path": str(kept)}, told, f"Key: {kept}")
    return 0


def _distrust(args: argparse.Namespace) -> int:
    is_hex = re.fullmatch(r"[0-9a-f]{64}", args.key) is not None
    key = args.key if is_hex else public_hex(read_public_key(Path(args.key)))
    audit.enter("consent distrust", {}, {"key": key, "reason": args.reason})
    entry = revoke_key(key, args.reason, args.consent)
    text = f"Nothing that the key {key[:16]} has signed counts on this machine. Tell other machines too."
    _print(args, {"revocation": entry.model_dump(mode="json")}, text)
    return 0


def record_schema() -> str:
    """The JSON Schema of a record, as docs/consent.schema.json has it."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **ConsentRecord.model_json_schema()}
    return json.dumps(schema, indent=2, ensure_ascii=False)


def _schema(args: argparse.Namespace) -> int:
    print(json.dumps(json.loads(record_schema()), ensure_ascii=False) if args.json else record_schema())
    return 0
