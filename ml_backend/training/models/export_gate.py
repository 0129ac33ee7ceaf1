"""Who may leave the studio in a model's file."""

from collections.abc import Sequence

from ml_backend.provenance.gate import Granted, Purpose, check_bound, refusals_entered, require

from .checkpoints import CheckpointInfo


def require_export(info: CheckpointInfo, identities: Sequence[str], purpose: Purpose) -> Granted:
    """The consent of those who shall be in the file, and who were learned under it; raises ConsentRefused."""
    granted = require(identities, purpose)
    with refusals_entered(identities, purpose):
        check_bound(info.consent, granted, info.identities)
    return granted
