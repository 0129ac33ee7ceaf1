"""What a credential says: by which program, on whose consent, with which model."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ml_backend import __version__

LABEL = "org.deepfake-sequencer.swap"
GENERATOR = "Deepfake Sequencer"
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"


@dataclass(frozen=True)
class Facts:
    """people: the hash of each person's consent record, by pseudonym. swaps: the SHA-256 of the manifests of the swaps
    that are in it. audit_head: the newest entry of the audit when this was signed. No legal names, no folders.
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
        return {"label": LABEL, "data": {**asdict(self), "people": dict(self.people)}}


def manifest(facts: Facts, parent: str | None) -> dict[str, Any]:
    """The manifest definition for c2pa. parent: the instance of the ingredient that was opened, if there is one.

    Source: the C2PA specification 2.2, actions and digital source types of IPTC.
    """
    agent = {"name": GENERATOR, "version": facts.software}
    made = {"action": "c2pa.edited" if parent else "c2pa.created", "digitalSourceType": SOURCE_TYPE}
    actions: list[dict[str, Any]] = [{**made, "softwareAgent": agent}]
    if parent:
        actions.insert(0, {"action": "c2pa.opened", "parameters": {"ingredientIds": [parent]}})
    return {
        "claim_generator_info": [agent],
        "title": facts.title,
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": actions}}, facts.assertion()],
    }
