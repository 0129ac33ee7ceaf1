"""`ml-backend consent new|show|check|revoke|list|trust`.

Each handler takes the parsed arguments, prints for people or with --json one JSON object as its last line, and
returns the exit code; what goes wrong is raised as a BackendError for the command line to print.
"""

import argparse
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from ml_backend.atomic import write_json
from ml_backend.errors import BackendError, UsageError
from ml_backend.provenance.consent import (
    ConsentRefused,
    check_name,
    check_record,
    find_record,
    read_record,
    valid_record,
)
from ml_backend.provenance.home import consent_folder
from ml_backend.provenance.keys import signing_key, trust_key
from ml_backend.provenance.record import Action, Basis, ConsentRecord, ConsentTerms, longest, sign
from ml_backend.provenance.revocation import revoke

PEOPLE = ("performer", "estate", "licensed-dataset")
"""Bases where somebody else must have agreed, so that project, grantor and use have to be given."""


def add_consent_parser(subparsers: Any) -> None:
    """Add `consent` and its actions to `subparsers` (of an argparse parser); each sets `handler`."""
    consent = subparsers.add_parser("consent", help="make, show, check and revoke consent records")
    actions = consent.add_subparsers(dest="consent_action", required=True, metavar="ACTION")

    new = _action(actions, "new", _new, "make and sign a record for an identity")
    new.add_argument("name", metavar="NAME", help="the identity: a pseudonym, never the legal name")
    new.add_argument("--basis", required=True, choices=get_args(Basis), help="why the face may be used")
    new.add_argument("--actions", default="train,swap", help="from train, swap, export-model (default: train,swap)")
    new.add_argument("--project", help="the production this is for")
    new.add_argument("--granted-by", help="who agreed, by role or pseudonym")
    new.add_argument("--use", help="what the likeness is used for, in plain words")
    new.add_argument("--days", type=int, help="how long it is valid (default 365, at most 3653; test: 14)")
    new.add_argument("--shots", default="*", help="globs of the shots, separated by commas (default: all)")
    new.add_argument("--witness", help="who witnessed it")
    new.add_argument("--rider", type=Path, help="the signed document; only its SHA-256 is stored")
    new.add_argument("--out", type=Path, help="folder of the record (default: the user's own)")
    new.add_argument("--replace", action="store_true", help="replace the record that is there")

    show = _action(actions, "show", _show, "show a record")
    check = _action(actions, "check", _check, "say whether a record is valid; exit 3 where it is not")
    check.add_argument("--action", choices=get_args(Action), help="also check that this is allowed")
    withdraw = _action(actions, "revoke", _revoke, "withdraw a record for good")
    withdraw.add_argument("--reason", default="", help="why")
    for parser in (show, check, withdraw):
        parser.add_argument("name", metavar="NAME", help="the identity")
    listing = _action(actions, "list", _list, "list the records and their state")
    for parser in (show, check, withdraw, listing):
        parser.add_argument("--consent", type=Path, metavar="DIR", help="a folder of records besides the user's own")

    trust = _action(actions, "trust", _trust, "accept the records that another key signed")
    trust.add_argument("key", type=Path, metavar="KEY.pem", help="the public key of someone you know")


def _action(
    actions: Any, name: str, handler: Callable[[argparse.Namespace], int], text: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=text, description=text)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.set_defaults(handler=handler)
    return parser


def _print(args: argparse.Namespace, value: dict[str, Any], text: str) -> None:
    print(json.dumps(value, ensure_ascii=False) if args.json else text)


def _new(args: argparse.Namespace) -> int:
    terms = _terms(args)
    path = (args.out or consent_folder()).absolute() / f"{args.name}.json"
    if path.exists() and not args.replace:
        raise UsageError(f"There is a record for {args.name} already: {path}.", "Add --replace to put a new one there.")
    record = sign(terms, signing_key())
    write_json(path, record.model_dump(mode="json"))
    text = f"{args.name} may be used for {', '.join(record.actions)} until {record.expires:%Y-%m-%d}.\nRecord: {path}"
    _print(args, _as_json(record, path), text)
    return 0


def _terms(args: argparse.Namespace) -> ConsentTerms:
    check_name(args.name)
    if args.basis in PEOPLE:
        needed = {"--project": args.project, "--granted-by": args.granted_by, "--use": args.use}
        absent = [option for option, value in needed.items() if not value]
        if absent:
            raise UsageError(
                f"Basis {args.basis} needs {' and '.join(absent)}.",
                "Consent is given by someone, for one production and one use: write down who, which and what for.",
            )
    days = args.days if args.days is not None else min(365, longest(args.basis).days)
    if not 1 <= days <= longest(args.basis).days:
        raise UsageError(
            f"--days {days} is out of range.", f"Basis {args.basis}: 1 to {longest(args.basis).days} days."
        )
    today = datetime.now(UTC).replace(microsecond=0)
    content = {
        "identity": args.name,
        "basis": args.basis,
        "project": args.project or "unnamed",
        "shots": _words(args.shots),
        "actions": sorted(set(_words(args.actions))),
        "use": args.use or f"face replacement ({args.basis})",
        "valid_from": today.isoformat(),
        "expires": (today + timedelta(days=days)).isoformat(),
        "granted_by": args.granted_by
        or {"self": args.name, "synthetic": "nobody: a synthetic face"}.get(args.basis, "nobody: a test"),
        "witness": args.witness,
        "rider_sha256": _rider_hash(args.rider),
    }
    try:
        return ConsentTerms.model_validate_json(json.dumps(content))
    except (ValidationError, ValueError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else {"loc": (), "msg": str(error)}
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(
            f"No such record can be made: {where} {first['msg']}.", "See ml-backend consent new --help."
        ) from error


def _words(text: str) -> list[str]:
    return [word for word in (part.strip() for part in text.split(",")) if word]


def _rider_hash(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UsageError(f"Cannot read the document {path}: {error.strerror}.", "Give a file with --rider.") from error


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
    lines += [f"{'signed with':13} {record.signature.key}", f"{'sha256':13} {record.sha256()}", f"{'file':13} {path}"]
    _print(args, {**_as_json(record, path), **_state(record, path)}, "\n".join(lines))
    return 0


def _plain(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else "-" if value is None else str(value)


def _check(args: argparse.Namespace) -> int:
    try:
        record, path = valid_record(args.name, args.action, args.consent)
    except ConsentRefused as refusal:
        if not args.json:
            raise
        error = {"code": refusal.reason, "message": refusal.message, "fix": refusal.fix}
        print(json.dumps({"identity": args.name, "valid": False, "error": error}, ensure_ascii=False))
        return refusal.exit_code
    text = f"The consent of {args.name} is valid until {record.expires:%Y-%m-%d}: {', '.join(record.actions)}."
    _print(args, {**_as_json(record, path), "valid": True}, text)
    return 0


def _revoke(args: argparse.Namespace) -> int:
    record, path = find_record(args.name, args.consent)
    entry = revoke(record, args.reason)
    text = f"The consent of {args.name} is revoked on this machine. Tell other machines too: run the same there."
    _print(args, {"identity": args.name, "path": str(path), "revocation": entry.model_dump(mode="json")}, text)
    return 0


def _list(args: argparse.Namespace) -> int:
    folders = [consent_folder(), *([args.consent] if args.consent else [])]
    rows = [_row(path) for folder in folders for path in sorted(folder.glob("*.json"))]
    lines = [f"{row['identity']:24} {row['state']:14} {row.get('expires', ''):22} {row['path']}" for row in rows]
    _print(args, {"records": rows}, "\n".join(lines) or "There are no records. Make one: ml-backend consent new --help")
    return 0


def _row(path: Path) -> dict[str, Any]:
    row = {"identity": path.stem, "path": str(path)}
    try:
        record = read_record(path, path.stem)
    except BackendError as error:
        return {**row, "state": error.reason if isinstance(error, ConsentRefused) else "unreadable"}
    dumped = record.model_dump(mode="json", include={"basis", "actions", "project", "expires"})
    return {**row, **dumped, "sha256": record.sha256(), **_state(record, path)}


def _state(record: ConsentRecord, path: Path) -> dict[str, str]:
    try:
        check_record(record, path, None)
    except ConsentRefused as refusal:
        return {"state": refusal.reason}
    return {"state": "valid"}


def _trust(args: argparse.Namespace) -> int:
    key, kept = trust_key(args.key)
    _print(
        args, {"key": key, "path": str(kept)}, f"Records signed with the key {key[:16]} count from now on.\nKey: {kept}"
    )
    return 0
