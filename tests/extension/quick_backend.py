"""The backend's service with job kinds that do nothing slowly. Run as `ml-backend serve …`, and as its own worker.

As `ml-backend doctor` it does what the variable DOCTOR says: find all well (without it), find faults, crash or hang.
"""

import argparse
import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from ml_backend.errors import BackendError, Cancelled, RefusedError, UsageError
from ml_backend.jobs import JobKind
from ml_backend.progress import Reporter
from ml_backend.requests import Plate
from ml_backend.service.job.folder import JobFolder
from ml_backend.service.job.worker import main as work
from ml_backend.service.server import Machinery, Terms, serve


class Quick(BaseModel):
    """What the job shall do: how many steps, what it says, how it shall end. `out` is a folder that it would fill."""

    steps: int = 3
    says: tuple[str, ...] = ("starting",)
    end: str = "done"
    out: Path | None = None
    consent: Path | None = None
    picture: Path | None = None


def quick(request: Quick, reporter: Reporter) -> dict[str, Any]:
    for text in request.says:
        reporter.message(text)
    print("a printed line", flush=True)
    if request.picture is not None:
        reporter.preview(request.picture)
    for step in range(request.steps):
        if reporter.stop_requested():
            raise Cancelled
        reporter.progress("count", step + 1, request.steps, {"loss": 1.0 / (step + 1)})
        time.sleep(0.05)
    errors = {"failed": BackendError, "refused": RefusedError, "usage": UsageError}
    if request.end in errors:
        raise errors[request.end](f"It {request.end}.", "Do it otherwise.")
    if request.end == "bug":
        raise ZeroDivisionError("a bug")
    return {"steps": request.steps}


class QuickSwap(BaseModel):
    """A swap of an edit. Its "model" holds what will come out, in `frames`, and a file `go` when it may."""

    plate: Plate
    identity: str
    model: Path
    out: Path


def quick_swap(request: QuickSwap, reporter: Reporter) -> dict[str, Any]:
    step = 0
    while not (request.model / "go").exists():
        if reporter.stop_requested():
            raise Cancelled
        step += 1
        reporter.progress("paint", step, 1000, {})
        time.sleep(0.05)
    shutil.copytree(request.model / "frames", request.out, dirs_exist_ok=True)
    return {"out": str(request.out), "frames": 2}


KINDS = {"quick": JobKind("quick", Quick, quick), "swap": JobKind("swap", QuickSwap, quick_swap)}


def doctor(what: str) -> int:
    if what == "crash":
        sys.exit("no module named torch")
    if what == "hang":
        time.sleep(600)
    bad = what == "faults"
    checks = [
        {"name": "python", "state": "ok", "value": "3.11", "fix": "", "colour": "green"},
        {"name": "disk", "state": "warning" if bad else "ok", "value": "1 GB free", "fix": "Make room." if bad else ""},
        {"name": "torch", "state": "failed" if bad else "ok", "value": "2.9", "fix": "Install it." if bad else ""},
    ]
    devices = [{"name": "cpu", "label": "A processor", "memory_mb": 16000, "cores": 4}]
    answer = {"ok": not bad, "version": "1.2.3", "python": "3.11.9", "protocol": 2, "checks": checks}
    print("a library says hello")
    print(json.dumps({**answer, "devices": devices, "speed": {"swap_frames_per_second": 1.5, "tea": 2}, "new": [1]}))
    return int(bad)


if __name__ == "__main__":
    if sys.argv[1] == "doctor":
        sys.exit(doctor(os.environ.get("DOCTOR", "")))
    if sys.argv[1] != "serve":
        sys.exit(work(JobFolder(Path(sys.argv[1])), KINDS))
    parser = argparse.ArgumentParser()
    parser.add_argument("command")
    parser.add_argument("--workspace", type=Path)
    parser.add_argument("--parent-pid", type=int)
    parser.add_argument("--watch-stdin", action="store_true")
    options = parser.parse_args()
    machinery = Machinery(KINDS, [sys.executable, __file__], probe=None)
    serve(options.workspace, Terms(options.parent_pid, options.watch_stdin), machinery=machinery)
