"""The jobs that wait in a workspace while no backend runs there."""

import json
from pathlib import Path

from .client import FINAL_STATES


def count(workspace: Path) -> int:
    """How many jobs have not ended. Reads their folders; the backend's store is its own."""
    try:
        folders = [path for path in (workspace / "jobs").iterdir() if (path / "job.json").is_file()]
    except OSError:
        return 0
    return sum(not _ended(folder / "outcome.json") for folder in folders)


def _ended(outcome: Path) -> bool:
    try:
        return json.loads(outcome.read_bytes())["state"] in FINAL_STATES
    except (OSError, ValueError, KeyError, TypeError):
        return False
