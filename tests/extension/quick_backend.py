"""The backend's service with job kinds that do nothing slowly. Run as `ml-backend serve …`, and as its own worker."""

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from ml_backend.errors import BackendError, Cancelled, RefusedError, UsageError
from ml_backend.jobs import JobKind
from ml_backend.progress import Reporter
from ml_backend.service.job_folder import JobFolder
from ml_backend.service.server import Machinery, serve
from ml_backend.service.worker import main as work


class Quick(BaseModel):
    """What the job shall do: how many steps, and how it shall end."""

    steps: int = 3
    end: str = "done"


def quick(request: Quick, reporter: Reporter) -> dict[str, Any]:
    reporter.message("starting")
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


KINDS = {"quick": JobKind("quick", Quick, quick)}

if __name__ == "__main__":
    if sys.argv[1] != "serve":
        sys.exit(work(JobFolder(Path(sys.argv[1])), KINDS))
    parser = argparse.ArgumentParser()
    parser.add_argument("command")
    parser.add_argument("--workspace", type=Path)
    parser.add_argument("--parent-pid", type=int)
    options = parser.parse_args()
    serve(options.workspace, options.parent_pid, machinery=Machinery(KINDS, [sys.executable, __file__]))
