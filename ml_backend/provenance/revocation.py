"""The lists of records and keys that no longer count, though their dates and signatures are right.

keys/revoked.json in the home folder is the user's own; a folder of records may hold a `_revoked.json` of the same form,
which travels with the records. A list can only take consent away, so nobody has to sign it.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, TypeAdapter, ValidationError

from ml_backend.atomic import write_json
from ml_backend.errors import RefusedError
from ml_backend.provenance.home import keys_folder
from ml_backend.provenance.record import ConsentRecord

BESIDE_RECORDS = "_revoked.json"
"""No identity's name begins like this, so that no record can have this file's name."""

_Hex = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
_FORM = "%Y-%m-%dT%H:%M:%SZ"


def _moment(text: str) -> str:
    datetime.strptime(text, _FORM)
    return text


_Moment = Annotated[str, AfterValidator(_moment)]


class Revocation(BaseModel):
    """One withdrawn record, named by its hash."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    record_sha256: _Hex
    identity: str
    revoked: _Moment
    reason: str = ""


class RevokedKey(BaseModel):
    """A key whose signatures count no more, whenever they were made: it was lost, or its owner is not to be trusted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["key"] = "key"
    key: _Hex
    revoked: _Moment
    reason: str = ""


_List = TypeAdapter(list[Revocation | RevokedKey])


class Revoked:
    """All that is withdrawn: records by their hash, keys by their hex, and the newest entry's moment."""

    def __init__(self, entries: list[Revocation | RevokedKey]) -> None:
        self.records = {entry.record_sha256: entry for entry in reversed(entries) if isinstance(entry, Revocation)}
        self.keys = {entry.key: entry for entry in reversed(entries) if isinstance(entry, RevokedKey)}
        self.newest = max((entry.revoked for entry in entries), default=None)


def read_revoked(*beside: Path | None) -> Revoked:
    """What the user's own list and those in the folders `beside` withdraw.

    A list that cannot be read refuses everything: it may name any record.
    """
    lists = dict.fromkeys([_own(), *(folder / BESIDE_RECORDS for folder in beside if folder is not None)])
    return Revoked([entry for path in lists for entry in _read(path)])


def folder_of(records: Path | None) -> Path | None:
    """The folder whose list counts for `records`, which is a folder of records or one record's file."""
    return records if records is None or records.is_dir() else records.parent


def revoke(record: ConsentRecord, reason: str, beside: Path | None = None) -> Revocation:
    """Withdraw `record` and all that it succeeds for good, whose files may lie elsewhere still.

    One that was withdrawn already keeps its first date. beside: a folder of records whose list shall say so too.
    Returns the entry of `record`.
    """
    known = read_revoked(beside).records
    entries = [
        known.get(sha256) or Revocation(record_sha256=sha256, identity=record.identity, revoked=_now(), reason=reason)
        for sha256 in (record.sha256(), *record.replaces)
    ]
    _enter(entries, beside)
    return entries[0]


def revoke_key(key: str, reason: str, beside: Path | None = None) -> RevokedKey:
    """Withdraw everything that the key (64 hex digits) has signed or will sign."""
    entry = read_revoked(beside).keys.get(key) or RevokedKey(key=key, revoked=_now(), reason=reason)
    _enter([entry], beside)
    return entry


def _enter(entries: Sequence[Revocation | RevokedKey], beside: Path | None) -> None:
    for path in (_own(), *([] if beside is None else [beside / BESIDE_RECORDS])):
        listed = _read(path)
        new = [entry for entry in entries if entry not in listed]
        if new:
            write_json(path, json.loads(_List.dump_json([*listed, *new])))


def _own() -> Path:
    return keys_folder() / "revoked.json"


def _now() -> str:
    return datetime.now(UTC).strftime(_FORM)


def _read(path: Path) -> list[Revocation | RevokedKey]:
    try:
        return _List.validate_json(path.read_bytes())
    except FileNotFoundError:
        return []
    except (OSError, ValidationError) as error:
        raise RefusedError(
            f"The list of revoked consent {path} cannot be read.",
            "Restore it from a backup: as long as it is unreadable, any record might be revoked.",
        ) from error
