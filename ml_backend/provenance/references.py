"""What somebody looked like when their consent was first used: so that a faceset of somebody else is noticed.

HOME/references/<SHA-256 of the record>.json holds the mean embedding (128 numbers) of their faces. It never leaves the
machine, and the record itself says nothing of what a person looks like.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from ml_backend.atomic import write_json
from ml_backend.errors import BackendError
from ml_backend.provenance import audit
from ml_backend.provenance.home import references_folder
from ml_backend.provenance.record import ConsentRecord

SIZE = 128  # of an embedding
Embedding = Annotated[list[FiniteFloat], Field(min_length=SIZE, max_length=SIZE)]


class Reference(BaseModel):
    """origin: the picture or the faceset that it was measured on, without its folder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    identity: str
    origin: str
    embedding: Embedding


def find_reference(record: ConsentRecord) -> Reference | None:
    """The reference kept under `record` or an earlier one that it succeeds; BackendError where it is damaged."""
    for sha256 in (record.sha256(), *record.replaces):
        file = _file(sha256)
        try:
            return Reference.model_validate_json(file.read_bytes())
        except FileNotFoundError:
            continue
        except (OSError, ValidationError) as error:
            raise BackendError(
                f"The reference {file} is damaged.", "Delete it: the next extraction under the record makes a new one."
            ) from error
    return None


def keep_reference(record: ConsentRecord, embedding: Sequence[float], origin: str) -> Path:
    """Remember the mean `embedding` (128) as that of the record's person, readable by the user only."""
    kept = Reference(identity=record.identity, origin=origin, embedding=[float(number) for number in embedding])
    file = _file(record.sha256())
    write_json(file, kept.model_dump(), mode=0o600)
    return file


def forget_references(record: ConsentRecord) -> None:
    """Delete what `record` and the earlier ones that it succeeds keep of a person's looks."""
    for sha256 in (record.sha256(), *record.replaces):
        _file(sha256).unlink(missing_ok=True)


def check_likeness(record: ConsentRecord, embedding: Sequence[float], origin: str, limit: float) -> str | None:
    """What to tell of faces whose mean is further than `limit` from the person's reference; the audit gets it too.

    Where there is no reference yet, these faces become it.
    """
    known = find_reference(record)
    if known is None:
        keep_reference(record, embedding, origin)
        return None
    away = math.dist(known.embedding, embedding)
    if away < limit:
        return None
    facts = {"faces": origin, "reference": known.origin, "distance": f"{away:.2f}", "limit": f"{limit:.2f}"}
    audit.enter("unlike", {record.identity: record.sha256()}, facts)
    return (
        f"The faces of {origin} do not look like {record.identity} ({away:.2f} from the reference, {known.origin}; the "
        f"same person is nearer than {limit:.2f}). If they are somebody else's, extract them under that person's name. "
        "This is entered in the audit."
    )


def _file(sha256: str) -> Path:
    return references_folder() / f"{sha256}.json"
