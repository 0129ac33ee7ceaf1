"""Sign what was rendered from edits and comps that swaps are in."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ml_backend.delivery.deliver_credentials import facts_of
from ml_backend.delivery.deliver_swaps import consents, delivered_swaps
from ml_backend.errors import BackendError, UsageError
from ml_backend.provenance import audit
from ml_backend.provenance.credentials import Facts, sign_file, sign_sequence, sign_sidecar
from ml_backend.provenance.credentials.files import EMBEDDED, sidecar_of
from ml_backend.provenance.credentials.signing import Signing

from .verify import verify_folder

PICTURES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".exr", ".dpx", ".webp"})


def sign_delivery(path: Path, swaps: Sequence[Path], plate: Path | None, out: Path | None) -> dict[str, Any]:
    """Sign a film, a picture or a folder of pictures; `out`: another file for a film or picture that is kept as it is.

    A kind of file that cannot hold credentials gets FILE.c2pa beside it, a folder one signed list. Raises UsageError
    for what is not there, BackendError for swaps that are not as they were signed, and where signing fails.
    """
    if not path.exists():
        raise UsageError(f"There is no {path}.", "Give a film, a picture or a folder of pictures.")
    if out is not None and path.is_dir():
        raise UsageError("--out is for a film or a picture.", "A folder's signed list is written into the folder.")
    if plate is not None and not plate.exists():
        raise UsageError(f"There is no plate {plate}.", "Name the movie or the folder that was filmed.")
    known = delivered_swaps(swaps)
    for swap in known:
        found = verify_folder(swap.folder)
        if found.state in ("changed", "absent"):
            raise BackendError(
                f"The swap {swap.folder} cannot vouch for {path.name}: {found.summary()}",
                "Run the swap again, which makes and signs what was changed.",
            )
    target = out or path
    head = audit.enter("sign", consents(known), {"file": target.name})
    facts = facts_of(target.name, known, None, head)
    if path.is_dir():
        signing, where = _sign_folder(path, facts), path
    elif target.suffix.lower() in EMBEDDED:
        signing, where = sign_file(path, target, facts, plate), target
    else:
        if out is not None:
            raise UsageError(f"{out} gets its credentials beside it.", "Leave --out out.")
        signing, where = sign_sidecar(path, facts, plate), sidecar_of(path)
    return {"signed": str(where), "signed_by": signing.name(), "self_issued": signing.self_issued}


def _sign_folder(folder: Path, facts: Facts) -> Signing:
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in PICTURES)
    if not files:
        raise UsageError(f"{folder} holds no pictures.", "Give the folder that was rendered into.")
    return sign_sequence(folder, [(file.name, _sha256(file)) for file in files], facts)


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
