"""The list of records that are no longer valid, though their dates and signatures are."""

import json
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter, ValidationError

from ml_backend.atomic import write_json
from ml_backend.errors import RefusedError
from ml_backend.provenance.home import keys_folder
from ml_backend.provenance.record import ConsentRecord


class Revocation(BaseModel):
    """One withdrawn record, named by its hash."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    record_sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    identity: str
    revoked: str
    reason: str = ""


_List = TypeAdapter(list[Revocation])


def read_revocations() -> dict[str, Revocation]:
    """Revoked records by hash. A list that cannot be read refuses everything: it may name any record."""
    path = keys_folder() / "revoked.json"
    try:
        listed = _List.validate_json(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValidationError) as error:
        raise RefusedError(
            f"The list of revoked consent {path} cannot be read.",
            "Restore it from a backup: as long as it is unreadable, any record might be revoked.",
        ) from error
    return {entry.record_sha256: entry for entry in listed}


def revoke(record: ConsentRecord, reason: str) -> Revocation:
    """Withdraw `record` for good; a record that was withdrawn already keeps its first date."""
    listed = read_revocations()
    sha256 = record.sha256()
    if sha256 not in listed:
        moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        listed[sha256] = Revocation(record_sha256=sha256, identity=record.identity, revoked=moment, reason=reason)
        write_json(keys_folder() / "revoked.json", json.loads(_List.dump_json(list(listed.values()))))
    return listed[sha256]
