"""Sign what was rendered from edits and comps that swaps are in."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ml_backend.delivery.deliver_credentials import facts_of, told_before, with_plate
from ml_backend.delivery.deliver_swaps import DeliveredSwap, consents, delivered_swaps
from ml_backend.delivery.pictures import pictures_in
from ml_backend.delivery.plates import made_of, plate_at, plates_of
from ml_backend.delivery.sign_folder import sign_folder
from ml_backend.delivery.stopping import stop_or_tell
from ml_backend.errors import BackendError, UsageError
from ml_backend.progress import Reporter
from ml_backend.provenance import audit
from ml_backend.provenance.credentials import Plate, read_list, sign_file, sign_sidecar
from ml_backend.provenance.credentials.files import EMBEDDED, Made, sidecar_of
from ml_backend.provenance.credentials.signing import Signing
from ml_backend.swapping.journal import Journal
from ml_backend.swapping.manifest import MANIFEST

from .verify import verify_folder


def sign_deliveries(
    paths: Sequence[Path], swaps: Sequence[Path], plate: Path | None, out: Path | None, reporter: Reporter
) -> dict[str, Any]:
    """Sign films, pictures and folders of pictures; `out`: another file for one film or picture that is kept as it is.

    A kind of file that cannot hold credentials gets FILE.c2pa beside it; a folder gets one in each picture that can
    hold it, and a signed list of all. plate: what was filmed; None: the plates of the swaps, as far as these know them.
    What the credentials of a path say already of swaps in it is said again. Returns signed (where the credentials are),
    signed_by, self_issued and strangers (the swaps that somebody signed whom this machine does not know).

    Raises UsageError for what is not there or cannot be, before anything is signed; Cancelled; BackendError for swaps
    that are not as they were signed, and where signing fails.
    """
    _check(paths, plate, out)
    known = delivered_swaps(swaps)
    strangers = vouching(known, paths[0])
    named = plate_at(plate) if plate else None
    if plate and named:
        _check_plate(plate, named, known)
    made = made_of([named] if named else plates_of(known))
    signed: list[Path] = []
    for path in paths:
        signing, where = _sign(path, out or path, known, made, reporter)
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
        if any((folder / Journal.FILE).is_file() for folder in (path, path.absolute().parent, path.resolve().parent)):
            raise UsageError(
                f"{path} belongs to a swap, which is signed already, all of it in one list.",
                "Sign what was rendered with it; ml-backend swap signs the swap itself.",
            )


def _check_plate(plate: Path, named: Plate, swaps: Sequence[DeliveredSwap]) -> None:
    """UsageError where every swap knows what it was made of, and none of it is this: the origin would be a false one.

    A plate whose hash nobody knows, since it is too large, is believed.
    """
    known = {read_list(swap.folder).plate_sha256 for swap in swaps}
    if named.sha256 and None not in known and named.sha256 not in known:
        made = ", ".join(sorted({str(swap.manifest.plate["source"]) for swap in swaps}))
        raise UsageError(
            f"{plate} is not what the swaps were made of, which is {made}: its SHA-256 is {named.sha256}, and theirs "
            f"{', '.join(sorted(one for one in known if one))}.",
            "Leave --plate out: the swaps know what they were made of. If the film was made of another version of the "
            "plate, swap that one.",
        )


def vouching(swaps: Sequence[DeliveredSwap], path: Path) -> list[Path]:
    """The swaps that somebody signed whom this machine does not know.

    Raises BackendError for one that is not as it was signed, or whose manifest was laid beside what was signed: it
    cannot vouch for what is in `path`.
    """
    states = {swap.folder: verify_folder(swap.folder) for swap in swaps}
    for swap in swaps:
        found = states[swap.folder]
        why = found.summary() if found.state in ("changed", "absent") else ""
        if not why and read_list(swap.folder).others.get(MANIFEST) != swap.sha256:
            why = f"{MANIFEST} is not in its signed list."
        if why:
            raise BackendError(
                f"The swap {swap.folder} cannot vouch for {path.name}: {why}",
                "Delete the pictures that ml-backend verify names, and run the swap again: it makes and signs them.",
            )
    return [folder for folder, found in states.items() if found.state == "untrusted"]


def stranger(folder: Path | str) -> str:
    """What is said of a swap that vouches, and whose signer nobody here knows."""
    return f"The swap {folder} was signed by somebody whom this machine does not know."


def _sign(
    path: Path, target: Path, swaps: Sequence[DeliveredSwap], made: Made, reporter: Reporter
) -> tuple[Signing, Path]:
    before = told_before(path)
    head = audit.enter("sign", consents(swaps), {"file": target.name})
    facts = facts_of(target.name, swaps, None, head, before)
    if path.is_dir():
        return sign_folder(path, facts, made, stop_or_tell("sign", reporter)), path
    opened, placed = made
    if target.suffix.lower() in EMBEDDED:
        return sign_file(path, target, with_plate(facts, made), opened, placed=placed), target
    return sign_sidecar(path, with_plate(facts, made), opened, placed), sidecar_of(path)
