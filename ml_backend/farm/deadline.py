"""A job bundle for AWS Deadline Cloud: the Open Job Description template with what lies beside it.

Source: the job bundle format of the Deadline Cloud client (`template.json`, `parameter_values.json`,
`asset_references.json`).
"""

from pathlib import Path
from typing import Any

from .job import FarmJob


def parameter_values(job: FarmJob, folder: Path) -> dict[str, Any]:
    """The values of the template's parameters, and those of the queue."""
    values = {
        "JobFolder": str(folder.absolute()),
        "Frames": job.frames,
        "ChunkSize": job.chunk,
        "deadline:priority": 50,
        "deadline:maxFailedTasksCount": 20,
        "deadline:maxRetriesPerTask": 3,
    }
    return {"parameterValues": [{"name": name, "value": value} for name, value in values.items()]}


def asset_references() -> dict[str, Any]:
    """None: plate, model, consent and swap lie on storage that all workers share, at the same path."""
    empty: dict[str, Any] = {"inputs": {"filenames": [], "directories": []}, "outputs": {"directories": []}}
    return {"assetReferences": {**empty, "referencedPaths": []}}
