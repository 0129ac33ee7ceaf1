"""The credentials of what leaves the house: of what it was made, which swaps are in it, on whose consent."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ml_backend.delivery.deliver_swaps import DeliveredSwap, consents
from ml_backend.delivery.plates import made_of, plates_of
from ml_backend.delivery.verify import verify
from ml_backend.provenance.credentials import Facts, plate_of, read_list, sign_file
from ml_backend.provenance.credentials.facts import joined
from ml_backend.provenance.credentials.files import Made
from ml_backend.provenance.credentials.sequence import LIST


def facts_of(
    title: str,
    swaps: Sequence[DeliveredSwap],
    watermark: str | None,
    head: str,
    before: Sequence[Mapping[str, Any]] = (),
) -> Facts:
    """What the credentials of something say that these swaps are in.

    watermark: the payload in its pictures, 8 hex digits, or None. head: of the audit. before: what its credentials said
    already of swaps that are in it, see `told_before`.
    """
    plates = sorted({Path(str(swap.manifest.plate["source"])).name for swap in swaps})
    earlier = [one for told in before for one in told.get("swaps", ())]
    models = [one for told in before for one in told.get("models", ())]
    return Facts(
        title=title,
        people=joined([consents(swaps), *(told.get("people", {}) for told in before)]),
        audit_head=head,
        swaps=tuple(sorted({*(swap.sha256 for swap in swaps), *earlier})),
        models=tuple(sorted({*(model for swap in swaps for model in _models(swap.folder)), *models})),
        plate_name=", ".join(plates),
        watermark=watermark,
    )


def told_before(path: Path) -> list[dict[str, Any]]:
    """What the credentials of a rendered film, picture or folder say of swaps in it, its history too.

    Nothing where they do not hold, or where this machine does not know who signed: then they are history only.
    """
    if not path.exists():  # a pattern
        return []
    found = verify(path)
    return [found.credentials.facts, *found.credentials.history] if found.state == "valid" else []


def _models(folder: Path) -> tuple[str, ...]:
    """The hashes of the weights, as the swap's own signed list has them."""
    return read_list(folder).models if (folder / LIST).is_file() else ()


def made_from(source: Path, swaps: Sequence[DeliveredSwap]) -> Made:
    """Of what a delivery is made: the rendered film `source` where it has credentials, whose history goes on, with the
    plates placed in it; else the plates."""
    plates = plates_of(swaps)
    if source.is_file() and verify(source).state != "absent":
        return plate_of(source, [source]), plates
    return made_of(plates)


def sign_film(encoded: Path, out: Path, facts: Facts, made: Made) -> str:
    """Write the film `encoded` as `out` with its credentials, whole or not at all; returns who signed."""
    return sign_file(encoded, out, with_plate(facts, made), made[0], placed=made[1]).name()


def with_plate(facts: Facts, made: Made) -> Facts:
    """The facts with the name and the hash of what was opened."""
    opened = made[0]
    return replace(facts, plate_name=opened.name, plate_sha256=opened.sha256) if opened else facts
