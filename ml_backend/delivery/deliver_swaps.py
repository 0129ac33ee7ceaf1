"""Which swaps are in a delivery, and why their own pictures are never marked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from ml_backend.errors import UsageError
from ml_backend.provenance.credentials.facts import joined
from ml_backend.provenance.watermark.payload import payload_of
from ml_backend.swapping.journal import Journal
from ml_backend.swapping.manifest import MANIFEST, Manifest, read_manifest


@dataclass(frozen=True)
class DeliveredSwap:
    """A finished swap: its folder, what it says about itself, and the SHA-256 (hex) of its manifest.json."""

    folder: Path
    manifest: Manifest
    sha256: str


def delivered_swaps(folders: Sequence[Path]) -> list[DeliveredSwap]:
    """UsageError where there is none, or a folder holds no finished swap; BackendError for a damaged manifest."""
    if not folders:
        raise UsageError("A delivery must say which swaps are in it.", "Add --swap DIR for each of them.")
    return [
        DeliveredSwap(folder, read_manifest(folder), sha256((folder / MANIFEST).read_bytes()).hexdigest())
        for folder in dict.fromkeys(folder.resolve() for folder in folders)
    ]


def payload_for(swaps: Sequence[DeliveredSwap]) -> int:
    """What the mark of a film with these swaps says."""
    return payload_of([swap.sha256 for swap in swaps])


def consents(swaps: Sequence[DeliveredSwap]) -> Mapping[str, str]:
    """The hashes of the consent records of everyone whose face is used or changed, by pseudonym (see `joined`)."""
    known = (swap.manifest.consent for swap in swaps)
    return joined(consent.people or {consent.identity: consent.record_sha256} for consent in known)


def refuse_comp_pictures(source: Path, out: Path) -> None:
    """UsageError where `source` or `out` lies in a swap's folder, whose pictures go into a comp and must stay exact."""
    for path in (source, out):
        for folder in (path, *path.absolute().parents[:1]):
            if any((folder / name).is_file() for name in (MANIFEST, Journal.FILE)):
                raise UsageError(
                    f"{path} is in the folder of a swap. Its pictures go into a comp, where every value counts, so "
                    "they are never marked; their manifest and credentials say what they are.",
                    "Render the edit or the comp first, and deliver that film.",
                )
