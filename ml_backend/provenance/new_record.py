"""`ml-backend consent new`: make and sign a record."""

import argparse
import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from ml_backend.atomic import write_json
from ml_backend.errors import BackendError, UsageError
from ml_backend.provenance import audit
from ml_backend.provenance.consent import check_name, read_record
from ml_backend.provenance.gate import ANY_PROJECT
from ml_backend.provenance.home import consent_folder
from ml_backend.provenance.keys import load_trust, signing_key
from ml_backend.provenance.record import Basis, ConsentRecord, ConsentTerms, longest, sign
from ml_backend.provenance.references import keep_reference
from ml_backend.provenance.revocation import read_revoked

PEOPLE = ("performer", "estate", "licensed-dataset")
"""Bases where somebody else must have agreed, so that project, grantor and use have to be given."""

Embed = Callable[[Path], Sequence[float]]
"""Makes the embedding (128) of the face on a picture."""


def add_new_options(new: argparse.ArgumentParser, embed: Embed | None) -> None:
    """What `consent new` takes. embed: what --reference needs; there is no such option without it."""
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
    new.add_argument("--key", type=Path, metavar="FILE.pem", help="sign with this key, such as the studio's (your own)")
    new.add_argument("--replace", action="store_true", help="replace the record that is there, and succeed it")
    new.add_argument(
        "--succeeds", action="append", default=[], metavar="HASH", help="also succeed this record of the same person"
    )
    if embed is not None:
        new.add_argument("--reference", type=Path, metavar="PICTURE", help="the person, to notice others' faces by")


def make_record(args: argparse.Namespace, embed: Embed | None) -> tuple[ConsentRecord, Path, list[str]]:
    """Sign and store the record that the options describe; returns it, its file and the lines to tell people."""
    path = (args.out or consent_folder()).absolute() / f"{args.name}.json"
    terms = _terms(args, path)
    if path.exists() and not args.replace:
        raise UsageError(f"There is a record for {args.name} already: {path}.", "Add --replace to put a new one there.")
    picture = getattr(args, "reference", None)
    embedding = embed(picture) if embed is not None and picture is not None else None
    record = sign(terms, signing_key(args.key))
    facts: dict[str, str | int] = {"basis": record.basis, "project": record.project, "succeeds": len(record.replaces)}
    audit.enter("consent new", {args.name: record.sha256()}, facts)
    try:
        write_json(path, record.model_dump(mode="json"))
    except OSError as error:
        raise UsageError(
            f"The record {path} cannot be written: {error.strerror or error}.", "Give another folder with --out."
        ) from error
    told = [
        f"{args.name} may be used for {', '.join(record.actions)} until {record.expires:%Y-%m-%d}.",
        f"Record: {path}",
    ]
    if embedding is not None and picture is not None:
        told.append(f"Reference: {keep_reference(record, embedding, picture.name)}")
    if not load_trust().accepts(record.signature.key, record.basis):
        told.append(
            f"The key {record.signature.key[:16]} does not count on this machine yet. Its public half makes it: "
            f'openssl pkey -in "{args.key}" -pubout -out studio.pub.pem; ml-backend consent trust studio.pub.pem'
        )
    return record, path, told


def _predecessors(args: argparse.Namespace, path: Path) -> list[str]:
    """The records that this one succeeds. A revoked one is not among them, unless it is named: its time is over."""
    earlier: list[str] = []
    if args.replace and path.exists():
        try:
            old = read_record(path, args.name)
        except BackendError:  # what nobody can read has no hash
            old = None
        if old is not None and old.signature_holds():
            revoked = read_revoked(path.parent).records
            earlier = [sha256 for sha256 in (old.sha256(), *old.replaces) if sha256 not in revoked]
    return list(dict.fromkeys([*earlier, *args.succeeds]))


def _terms(args: argparse.Namespace, path: Path) -> ConsentTerms:
    check_name(args.name)
    if args.basis in PEOPLE:
        needed = {"--project": args.project, "--granted-by": args.granted_by, "--use": args.use}
        absent = [option for option, value in needed.items() if not (value or "").strip()]
        if absent:
            raise UsageError(
                f"Basis {args.basis} needs {' and '.join(absent)}.",
                "Consent is given by someone, for one production and one use: write down who, which and what for.",
            )
        if args.project.strip() == ANY_PROJECT:
            raise UsageError(
                f"--project {ANY_PROJECT} would count for every project, and basis {args.basis} is for one.",
                "Name the production.",
            )
    days = args.days if args.days is not None else min(365, longest(args.basis).days)
    if not 1 <= days <= longest(args.basis).days:
        raise UsageError(
            f"--days {days} is out of range.", f"Basis {args.basis}: 1 to {longest(args.basis).days} days."
        )
    today = datetime.now(UTC).replace(microsecond=0)
    content: dict[str, Any] = {
        "identity": args.name,
        "basis": args.basis,
        "project": args.project or ANY_PROJECT,
        "shots": _words(args.shots),
        "actions": sorted(set(_words(args.actions))),
        "use": args.use or f"face replacement ({args.basis})",
        "valid_from": today.isoformat(),
        "expires": (today + timedelta(days=days)).isoformat(),
        "granted_by": args.granted_by
        or {"self": args.name, "synthetic": "nobody: a synthetic face"}.get(args.basis, "nobody: a test"),
        "witness": args.witness,
        "rider_sha256": _rider_hash(args.rider),
        "replaces": _predecessors(args, path),
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
