"""What a credential says: by which program, on whose consent, with which model."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ml_backend import __version__
from ml_backend.provenance.plain import plain
from ml_backend.provenance.record import writable

LABEL = "org.deepfake-sequencer.swap"
GENERATOR = "Deepfake Sequencer"
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"


@dataclass(frozen=True)
class Facts:
    """people: the hash of each person's consent record, by pseudonym; of several records all, with spaces. swaps: the
    SHA-256 of the manifests of the swaps that are in it. plate_sha256: of the footage that was opened (see
    `plate_sha256`). audit_head: the newest entry of the audit when this was signed. No legal names, no folders.
    """

    title: str
    people: Mapping[str, str]
    audit_head: str
    swaps: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    plate_name: str | None = None
    plate_sha256: str | None = None
    watermark: str | None = None
    software: str = field(default=__version__)

    def assertion(self) -> dict[str, Any]:
        """As it stands in the credential."""
        data = {**asdict(self), "people": dict(self.people), "title": writable(self.title)}
        return {"label": LABEL, "data": {**data, "plate_name": self.plate_name and writable(self.plate_name)}}


def told(value: object) -> dict[str, Any]:
    """What stands in an assertion that anybody may have written: only what is of the kind that Facts holds."""
    given = value if isinstance(value, dict) else {}
    texts = ("title", "audit_head", "plate_name", "plate_sha256", "watermark", "software")
    facts: dict[str, Any] = {name: plain(given[name]) for name in texts if isinstance(given.get(name), str)}
    for name in ("swaps", "models"):
        if isinstance(given.get(name), list):
            facts[name] = [plain(one) for one in given[name] if isinstance(one, str)]
    if isinstance(given.get("people"), dict):
        facts["people"] = {plain(who): plain(one) for who, one in given["people"].items() if isinstance(one, str)}
    return facts


def joined(people: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """The hashes of everybody's records: of two of one person both, with a space between them."""
    found: dict[str, dict[str, None]] = {}
    for name, hashes in (item for some in people for item in some.items()):
        found.setdefault(name, {}).update(dict.fromkeys(hashes.split()))
    return {name: " ".join(hashes) for name, hashes in found.items()}


def manifest(facts: Facts, opened: str | None, placed: Sequence[str]) -> dict[str, Any]:
    """The manifest definition for c2pa. opened, placed: the labels of the ingredients that were.

    Source: the C2PA specification 2.2, actions and digital source types of IPTC.
    """
    agent = {"name": GENERATOR, "version": facts.software}
    made = {"digitalSourceType": SOURCE_TYPE, "softwareAgent": agent}
    actions: list[dict[str, Any]] = []
    if opened:
        actions.append({"action": "c2pa.opened", "parameters": {"ingredientIds": [opened]}})
    else:
        actions.append({"action": "c2pa.created", **made})
    if placed:
        actions.append({"action": "c2pa.placed", "parameters": {"ingredientIds": list(placed)}})
    if opened:
        actions.append({"action": "c2pa.edited", **made})
    return {
        "claim_generator_info": [agent],
        "title": writable(facts.title),
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": actions}}, facts.assertion()],
    }
