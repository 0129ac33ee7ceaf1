"""Sign what was rendered from edits and comps that swaps are in."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ml_backend.delivery.deliver_credentials import facts_of
from ml_backend.delivery.deliver_swaps import DeliveredSwap, consents, delivered_swaps
from ml_backend.delivery.pictures import pictures_in, sha256_of
from ml_backend.errors import BackendError, UsageError
from ml_backend.provenance import audit
from ml_backend.provenance.credentials import Facts, sign_file, sign_sequence, sign_sidecar
from ml_backend.provenance.credentials.files import EMBEDDED, sidecar_of
from ml_backend.provenance.credentials.signing import Signing
from ml_backend.swapping.journal import Journal

from .verify import verify_folder


def sign_deliveries(
    paths: Sequence[Path], swaps: Sequence[Path], plate: Path | None, out: Path | None
) -> dict[str, Any]:
    """Sign films, pictures and folders of pictures; `out`: another file for one film or picture that is kept as it is.

    A kind of file that cannot hold credentials gets FILE.c2pa beside it, a folder one signed list. plate: what was
    filmed; None: the plates of the swaps, where they are still there. Returns signed (where the credentials are),
    signed_by, self_issued and strangers (the swaps that somebody signed whom this machine does not know).

    Raises UsageError for what is not there or cannot be, before anything is signed; BackendError for swaps that are not
    as they were signed, and where signing fails.
    """
    _check(paths, plate, out)
    known = delivered_swaps(swaps)
    strangers = vouching(known, paths[0])
    plates = [plate] if plate else _plates(known)
    plate_sha256 = sha256_of(plates[0]) if len(plates) == 1 and plates[0].is_file() else None
    signed: list[Path] = []
    for path in paths:
        signing, where = _sign(path, out or path, known, plates, plate_sha256)
        signed.append(where)
    return {
        "signed": [str(where) for where in signed],
        "signed_by": signing.name(),
        "self_issued": signing.self_issued,
        "strangers": [str(folder) for folder in strangers],
    }


def _check(paths: Sequence[Path], plate: Path | None, out: Path | None) -> None:
    for path in paths:
        if not path.exists():
            raise UsageError(f"There is no {path}.", "Give a film, a picture or a folder of pictures.")
        if out is not None and path.is_dir():
            raise UsageError("--out is for a film or a picture.", "A folder's signed list is written into the folder.")
        if path.is_dir() and not pictures_in(path):
            raise UsageError(f"{path} holds no pictures.", "Give the folder that was rendered into.")
    if out is not None and len(paths) > 1:
        raise UsageError(f"--out names one file, and {len(paths)} are to be signed.", "Sign them one by one.")
    if out is not None and out.suffix.lower() not in EMBEDDED:
        raise UsageError(f"{out} gets its credentials beside it.", "Leave --out out.")
    if out is not None and EMBEDDED[out.suffix.lower()] != EMBEDDED.get(paths[0].suffix.lower()):
        raise UsageError(f"{out} is of another kind than {paths[0]}.", "Give it the same suffix: it is no conversion.")
    if plate is not None and not plate.exists():
        raise UsageError(f"There is no plate {plate}.", "Name the movie or the folder that was filmed.")
    for path in (*paths, *([out] if out else [])):
        if any((folder / Journal.FILE).is_file() for folder in (path, path.absolute().parent)):
            raise UsageError(
                f"{path} belongs to a swap, which is signed already, all of it in one list.",
                "Sign what was rendered with it; ml-backend swap signs the swap itself.",
            )


def vouching(swaps: Sequence[DeliveredSwap], path: Path) -> list[Path]:
    """The swaps that somebody signed whom this machine does not know.

    Raises BackendError for one that is not as it was signed: it cannot vouch for what is in `path`.
    """
    states = {swap.folder: verify_folder(swap.folder) for swap in swaps}
    for folder, found in states.items():
        if found.state in ("changed", "absent"):
            raise BackendError(
                f"The swap {folder} cannot vouch for {path.name}: {found.summary()}",
                "Delete the pictures that ml-backend verify names, and run the swap again: it makes and signs them.",
            )
    return [folder for folder, found in states.items() if found.state == "untrusted"]


def _plates(swaps: Sequence[DeliveredSwap]) -> list[Path]:
    """What the swaps were made of, as far as it is still there."""
    plates = dict.fromkeys(Path(str(swap.manifest.plate["source"])) for swap in swaps)
    return [plate for plate in plates if plate.exists()]


def _sign(
    path: Path, target: Path, swaps: Sequence[DeliveredSwap], plates: Sequence[Path], plate_sha256: str | None
) -> tuple[Signing, Path]:
    """One plate is what was opened; of several each was placed."""
    head = audit.enter("sign", consents(swaps), {"file": target.name})
    opened, placed = (plates[0], ()) if len(plates) == 1 else (None, plates)
    facts = facts_of(target.name, swaps, None, head)
    if opened is not None:
        facts = replace(facts, plate_name=opened.name, plate_sha256=plate_sha256)
    if path.is_dir():
        return _sign_folder(path, facts), path
    if target.suffix.lower() in EMBEDDED:
        return sign_file(path, target, facts, opened, placed=placed), target
    return sign_sidecar(path, facts, opened, placed), sidecar_of(path)


def _sign_folder(folder: Path, facts: Facts) -> Signing:
    return sign_sequence(folder, [(file.name, sha256_of(file)) for file in pictures_in(folder)], facts)
