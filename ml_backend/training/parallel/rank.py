"""One of the processes that `launch` starts: `python -m ml_backend.training.parallel.rank FOLDER PARENT`."""

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from ml_backend import atomic
from ml_backend.errors import BackendError, Cancelled
from ml_backend.progress import Reporter, SilentReporter
from ml_backend.requests import TrainRequest
from ml_backend.training.train import run_train

from .world import find_world

LOOK = 1.0  # seconds between two looks whether the parent lives


class FolderReporter:
    """Tells through the folder that the parent reads, and stops when it asks or is gone."""

    def __init__(self, folder: Path, parent: int) -> None:
        self._folder, self._parent = folder, parent
        self._looked = time.monotonic()
        self._orphaned = False

    def progress(self, stage: str, done: float, total: float, figures: Mapping[str, float] | None = None) -> None:
        self._tell({"kind": "progress", "stage": stage, "done": done, "total": total, "figures": dict(figures or {})})

    def message(self, text: str) -> None:
        self._tell({"kind": "message", "text": text})

    def detail(self, text: str) -> None:
        self._tell({"kind": "detail", "text": text})

    def preview(self, path: Path) -> None:
        self._tell({"kind": "preview", "path": str(path)})

    def stop_requested(self) -> bool:
        if time.monotonic() - self._looked > LOOK:
            self._looked = time.monotonic()
            self._orphaned = not psutil.pid_exists(self._parent)
        return self._orphaned or (self._folder / "stop").exists()

    def _tell(self, event: Mapping[str, Any]) -> None:
        if self._folder.is_dir():
            with (self._folder / "events.jsonl").open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(event) + "\n")


def main() -> int:
    folder, parent = Path(sys.argv[1]), int(sys.argv[2])
    request = TrainRequest.model_validate_json((folder / "request.json").read_bytes())
    leads = find_world().leads
    reporter: Reporter = FolderReporter(folder, parent) if leads else SilentReporter()
    try:
        outcome: dict[str, Any] = {"kind": "result", "result": run_train(request, reporter)}
    except Cancelled:
        outcome = {"kind": "cancelled"}
    except BackendError as error:
        outcome = {"kind": "error", "code": error.exit_code, "message": error.message, "fix": error.fix}
    # the leading process may wait for ever for one that has failed
    if (leads or outcome["kind"] == "error") and folder.is_dir():
        atomic.write_json(folder / "outcome.json", outcome)
    return 0


if __name__ == "__main__":
    sys.exit(main())
