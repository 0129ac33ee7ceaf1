"""What was made under a consent that was revoked since: nobody gets it any more."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from ml_backend.errors import BackendError
from ml_backend.provenance import audit
from ml_backend.provenance.consent import ConsentRefused, check_there, find_record, new_command
from ml_backend.provenance.home import consent_folder
from ml_backend.provenance.record import succeeds
from ml_backend.provenance.revocation import Revocation, RevokedKey, folder_of, read_revoked


def check_not_withdrawn(people: Mapping[str, str], consent: Path | None = None, action: str = "deliver") -> None:
    """Refuse to go on with what was made under records that were revoked since, or signed with a key that was.

    people: the hashes of the records by pseudonym, of several of one person with spaces between them. Records that ran
    out do not count: what was made in their time may be shown. consent: records besides the user's own, whose list
    counts too. action: for the audit, which gets a refusal. Raises ConsentRefused; UsageError for a `consent` that does
    not exist.
    """
    check_there(consent)
    for name, sha256 in ((name, one) for name, hashes in people.items() for one in hashes.split()):
        when = _withdrawn(name, sha256, consent)
        if when:
            with suppress(BackendError):
                audit.enter("refused", {name: sha256}, {"action": action, "reason": "revoked"})
            raise ConsentRefused(
                "revoked",
                f"The consent of {name}, under which this was made, was revoked on {when}.",
                f"Leave {name} out. Only a new agreement can mend this; then make it again under its record: "
                f"{new_command(name)} --replace",
            )


def _withdrawn(name: str, sha256: str, consent: Path | None) -> str | None:
    """When the record with this hash, a present one that succeeds it, or the key of that was revoked."""
    folders, record = [consent_folder(), folder_of(consent)], None
    with suppress(BackendError):
        record, path = find_record(name, consent)
        folders += [path.parent, path.resolve().parent]  # a link is no way around a list
    revoked = read_revoked(*folders)
    found: Revocation | RevokedKey | None = revoked.records.get(sha256)
    if found is None and record is not None and succeeds(record, sha256):
        found = revoked.records.get(record.sha256()) or revoked.keys.get(record.signature.key)
    return found.revoked if found else None
