"""Find, read and check the records: what makes one valid by itself. The gate asks for more: see `gate`."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from ml_backend.errors import RefusedError, UsageError
from ml_backend.provenance.home import consent_folder
from ml_backend.provenance.keys import load_trust
from ml_backend.provenance.record import Action, ConsentRecord
from ml_backend.provenance.revocation import folder_of, read_revoked
from ml_backend.requests import Name

Reason = Literal[
    "missing",
    "unreadable",
    "name-differs",
    "altered",
    "untrusted",
    "revoked",
    "revoked-key",
    "replaced",
    "not-yet-valid",
    "expired",
    "wrong-action",
    "wrong-project",
    "wrong-shot",
    "clock",
    "other-record",
    "renamed",
    "performer-unknown",
]

LARGEST_FILE = 65536
SLACK = timedelta(minutes=5)
"""How far the clocks of two machines may differ."""


class ConsentRefused(RefusedError):
    """There is no valid consent; `reason` names the rule."""

    def __init__(self, reason: Reason, message: str, fix: str) -> None:
        super().__init__(message, fix)
        self.reason = reason


Check = Callable[[ConsentRecord, Path], None]
"""Raises ConsentRefused for a record (from that file) that does not fit."""


def valid_record(identity: str, action: Action | None, extra: Path | None, *more: Check) -> tuple[ConsentRecord, Path]:
    """The valid record that lets `identity` be used for `action` (None: for anything), and its file.

    Looks in `extra` (a folder of records, or one record's file) and then in the user's own folder; the first valid
    record that also passes the checks `more` counts. One that a record in the other place succeeds does not. Raises
    ConsentRefused (exit 3) with the reason of the first record found, or because there is none; UsageError for an
    impossible name or an `extra` that does not exist.
    """
    refusals: list[ConsentRefused] = []
    places = list(_candidates(identity, extra))
    for path in places:
        try:
            record = read_record(path, identity)
            check_record(record, path, action, extra)
            for other in places:
                if other != path:
                    _check_not_replaced(record, path, other)
            for check in more:
                check(record, path)
        except ConsentRefused as refusal:
            refusals.append(refusal)
        else:
            return record, path
    raise refusals[0] if refusals else _missing(identity)


def find_record(identity: str, extra: Path | None) -> tuple[ConsentRecord, Path]:
    """The first record of `identity` that can be read, valid or not, and its file."""
    for path in _candidates(identity, extra):
        return read_record(path, identity), path
    raise _missing(identity)


def read_record(path: Path, identity: str) -> ConsentRecord:
    """Read one record's file, which must be about `identity`; ConsentRefused where it cannot be or is not."""
    fix = f"Put the original file back, or make a new record: {new_command(identity, path.parent)} --replace"
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ConsentRefused("unreadable", f"{path} is too large for a consent record.", fix)
        record = ConsentRecord.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ConsentRefused(
            "unreadable", f"The consent record {path} cannot be read: {error.strerror}.", fix
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        text = f"{where}: {first['msg']}" if where else first["msg"]
        raise ConsentRefused("unreadable", f"{path} is no valid consent record: {text}.", fix) from error
    if record.identity != identity:
        raise ConsentRefused(
            "name-differs",
            f"{path} is the consent of {record.identity}, not of {identity}.",
            f"Name the file {record.identity}.json again; for {identity} make a record: "
            + new_command(identity, path.parent),
        )
    return record


def check_record(record: ConsentRecord, path: Path, action: Action | None, extra: Path | None = None) -> None:
    """Raise ConsentRefused unless `record` (from `path`) is genuine, valid now and allows `action`, if one is given.

    extra: other records than the user's own, whose list of what is revoked counts wherever the record lies.
    """
    name, now = record.identity, datetime.now(UTC)
    make = new_command(name, path.parent)
    again = f"Make a new record: {make} --replace"
    if not record.signature_holds():
        raise ConsentRefused(
            "altered",
            f"{path} was altered after it was signed.",
            f"Put the original file back, or make a new record: {make} --replace",
        )
    trust = load_trust()
    if not trust.accepts(record.signature.key, record.basis):
        only = " (that key counts for synthetic faces only)" if record.signature.key in trust.synthetic_only else ""
        broken = "".join(f" {bad} cannot be read." for bad in trust.unreadable)
        raise ConsentRefused(
            "untrusted",
            f"{path} is signed with the key {record.signature.key[:16]}, which is not trusted here{only}.{broken}",
            "If you know who signed it, get their public key from them and run: ml-backend consent trust KEY.pem",
        )
    _check_not_revoked(record, path, extra)
    if now + SLACK < record.valid_from:
        raise ConsentRefused(
            "not-yet-valid", f"The consent of {name} is valid only from {record.valid_from:%Y-%m-%d %H:%M} UTC.", again
        )
    if now >= record.expires:
        raise ConsentRefused("expired", f"The consent of {name} expired on {record.expires:%Y-%m-%d %H:%M} UTC.", again)
    if action is not None and action not in record.actions:
        allowed = ",".join(record.actions)
        raise ConsentRefused(
            "wrong-action",
            f"The consent of {name} allows {allowed}, not {action}.",
            f"If more was agreed: {make} --actions {allowed},{action} --replace",
        )


def _check_not_revoked(record: ConsentRecord, path: Path, extra: Path | None) -> None:
    name, make = record.identity, new_command(record.identity, path.parent)
    revoked = read_revoked(path.parent, path.resolve().parent, folder_of(extra))  # a link is no way around a list
    withdrawn = revoked.records.get(record.sha256())
    if withdrawn:
        raise ConsentRefused(
            "revoked",
            f"The consent of {name} was revoked on {withdrawn.revoked}{_because(withdrawn.reason)}.",
            f"Only a new agreement can mend this; then: {make} --replace",
        )
    key = revoked.keys.get(record.signature.key)
    if key:
        raise ConsentRefused(
            "revoked-key",
            f"{path} is the consent of {name}, signed with the key {key.key[:16]}, which was revoked on "
            f"{key.revoked}{_because(key.reason)}.",
            f"Have it signed anew with a key that counts: {make} --replace --key STUDIO.pem",
        )


def _check_not_replaced(record: ConsentRecord, path: Path, other: Path) -> None:
    """Refuse the copy of a record whose terms were agreed anew for its project, by the record in `other`."""
    try:
        newer = read_record(other, record.identity)
    except ConsentRefused:
        return
    trusted = newer.signature_holds() and load_trust().accepts(newer.signature.key, newer.basis)
    if trusted and newer.project == record.project and record.sha256() in newer.replaces:
        raise ConsentRefused(
            "replaced",
            f"{path} is an earlier consent of {record.identity}, which {other} has replaced.",
            f"What counts is the newer one: put it in the place of {path}, or delete that.",
        )


def _because(reason: str) -> str:
    return f" ({reason})" if reason else ""


def new_command(identity: str, folder: Path | None = None) -> str:
    """The command that makes a record for `identity`, ready to paste once the three quoted texts are filled in."""
    where = f' --out "{folder}"' if folder not in (None, consent_folder()) else ""
    texts = '--project "PROJECT" --granted-by "WHO AGREED" --use "WHAT FOR"'
    return f"ml-backend consent new {identity} --basis performer {texts}{where}"


def check_name(identity: str) -> None:
    """UsageError unless `identity` can be a name, and so can never lead out of a folder of records."""
    try:
        TypeAdapter(Name).validate_python(identity)
    except ValidationError as error:
        raise UsageError(
            f"{identity!r} cannot be an identity's name.",
            "Use letters, digits, dots, dashes and underscores, at most 64, the first a letter or a digit.",
        ) from error


def check_there(extra: Path | None) -> None:
    """UsageError for records besides the user's own that do not exist."""
    if extra is not None and not extra.exists():
        raise UsageError(f"There are no consent records at {extra}.", "Give a folder of records that exists.")


def _candidates(identity: str, extra: Path | None) -> Iterator[Path]:
    check_name(identity)
    check_there(extra)
    own = consent_folder() / f"{identity}.json"
    given = [] if extra is None else [extra if extra.is_file() else extra / f"{identity}.json"]
    return (path for path in [*given, own] if os.path.lexists(path))  # a dangling link is unreadable, not missing


def _missing(identity: str) -> ConsentRefused:
    return ConsentRefused(
        "missing",
        f"There is no consent record for {identity}.",
        f"If consent was given, make one: {new_command(identity)} "
        "(other bases: estate, self, synthetic, licensed-dataset, test)",
    )
