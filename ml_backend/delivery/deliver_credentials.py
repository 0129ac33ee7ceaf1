"""The credentials of what leaves the house: what was opened, which swaps are in it, on whose consent."""

from collections.abc import Sequence
from pathlib import Path

from ml_backend.delivery.deliver_swaps import DeliveredSwap, consents
from ml_backend.provenance.credentials import Facts, read, read_list, sign_file, sign_sequence
from ml_backend.provenance.credentials.sequence import LIST


def facts_of(title: str, swaps: Sequence[DeliveredSwap], watermark: str | None, head: str) -> Facts:
    """What the credentials of something say that these swaps are in.

    watermark: the payload in its pictures, 8 hex digits, or None. head: of the audit.
    """
    plates = sorted({Path(str(swap.manifest.plate["source"])).name for swap in swaps})
    return Facts(
        title=title,
        people=consents(swaps),
        audit_head=head,
        swaps=tuple(sorted(swap.sha256 for swap in swaps)),
        models=tuple(sorted({model for swap in swaps for model in _models(swap.folder)})),
        plate_name=", ".join(plates),
        watermark=watermark,
    )


def _models(folder: Path) -> tuple[str, ...]:
    """The hashes of the weights, as the swap's own signed list has them."""
    return read_list(folder).models if (folder / LIST).is_file() else ()


def sign_film(encoded: Path, out: Path, facts: Facts, source: Path, swaps: Sequence[DeliveredSwap]) -> str:
    """Write the film `encoded` as `out` with its credentials, whole or not at all; returns who signed.

    What was opened is the rendered film `source` where it has credentials of its own, whose history goes on; else the
    plate, where all swaps have the same one and it is still there.
    """
    return sign_file(encoded, out, facts, _opened(source, swaps)).name()


def sign_pictures(folder: Path, pictures: Sequence[tuple[str, str]], facts: Facts) -> str:
    """Sign the list of `pictures` (names in `folder`, SHA-256) in `folder`; returns who signed."""
    return sign_sequence(folder, pictures, facts).name()


def _opened(source: Path, swaps: Sequence[DeliveredSwap]) -> Path | None:
    if source.is_file() and read(source).state != "absent":
        return source
    plates = {Path(str(swap.manifest.plate["source"])) for swap in swaps}
    return next((plate for plate in plates if plate.exists()), None) if len(plates) == 1 else None
