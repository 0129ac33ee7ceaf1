"""Uses of stored faces that make no likeness: they end where the person withdraws, and are entered in the audit."""

from ml_backend.provenance import audit
from ml_backend.provenance.withdrawn import check_not_withdrawn

from .store import Faceset


def enter_use(faceset: Faceset, action: str) -> None:
    """Enter that faces of somebody are used for `action`; those of nobody, who was never named, are not asked for.

    Raises ConsentRefused where the consent under which they were stored was revoked since, BackendError where the audit
    cannot be written.
    """
    name = faceset.info.identity
    if name is not None:
        people = {name: faceset.info.consent or ""}
        check_not_withdrawn(people, action=action)
        audit.enter(action, people, {"faceset": faceset.folder.name})
