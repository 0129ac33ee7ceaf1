"""Are the consent records that a credential names known on this machine, and what are they worth today?"""

from collections.abc import Mapping
from pathlib import Path

from ml_backend.errors import BackendError
from ml_backend.provenance.consent import ConsentRefused, check_record, find_record
from ml_backend.provenance.record import succeeds


def consents_here(people: Mapping[str, str], extra: Path | None) -> dict[str, str]:
    """For each pseudonym: valid, the reason why not (expired, revoked …), another record, or unknown here; of several
    records of one person each."""
    return {name: "; ".join(_state(name, one, extra) for one in hashes.split()) for name, hashes in people.items()}


def _state(name: str, sha256: str, extra: Path | None) -> str:
    try:
        record, path = find_record(name, extra)
    except BackendError:
        return "unknown here"
    if record.sha256() != sha256 and not succeeds(record, sha256):
        return "another record here"
    try:
        check_record(record, path, None, extra)
    except ConsentRefused as refusal:
        return refusal.reason
    return "valid" if record.sha256() == sha256 else "valid, renewed since"
