"""Records that are made up: Anna's, for the project “film”, valid now."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ml_backend.atomic import write_json
from ml_backend.provenance.keys import signing_key
from ml_backend.provenance.record import ConsentRecord, ConsentTerms, sign

NOW = datetime.now(UTC).replace(microsecond=0)


def terms(**changes: Any) -> ConsentTerms:
    content: dict[str, Any] = {
        "identity": "Anna",
        "basis": "performer",
        "project": "film",
        "actions": ("train", "swap"),
        "use": "scene 12",
        "valid_from": NOW - timedelta(days=1),
        "expires": NOW + timedelta(days=30),
        "granted_by": "her agent",
    }
    return ConsentTerms(**{**content, **changes})


def put(home: Path, record: ConsentRecord, name: str = "Anna") -> Path:
    path = home / "consent" / f"{name}.json"
    write_json(path, record.model_dump(mode="json"))
    return path


def give(home: Path, name: str, **changes: Any) -> ConsentRecord:
    """Put a record of `name`, signed with the home's own key, where the user's records are."""
    record = sign(terms(identity=name, **changes), signing_key())
    put(home, record, name)
    return record
