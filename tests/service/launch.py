"""`launch.py serve WORKSPACE [PARENT_PID]` runs the real service with the tests' kinds of job; `launch.py JOB_FOLDER`
is the process of one job."""

import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from job_kinds import KINDS

from ml_backend.errors import BackendError
from ml_backend.service.job.folder import JobFolder
from ml_backend.service.job.worker import main
from ml_backend.service.runner import Grace
from ml_backend.service.server import Machinery, Terms, serve


def run(arguments: list[str]) -> int:
    if arguments[0] != "serve":
        return main(JobFolder(Path(arguments[0])), KINDS)
    grace = Grace(clean=1.0, pause=1.0, terminated=0.5)
    devices = os.environ.get("DEVICES")
    probe = (sys.executable, "-c", f"print({devices!r})") if devices else None
    machinery = Machinery(KINDS, (sys.executable, __file__), probe, grace)
    parent = int(arguments[2]) if len(arguments) > 2 else None
    roots = () if "ONLY_OWN_ROOTS" in os.environ else (Path(tempfile.gettempdir()),)
    terms = Terms(parent, roots=roots, keep_mb=int(os.environ.get("KEEP_MB", "100")))
    try:
        serve(Path(arguments[1]), terms, lambda endpoint: print(endpoint.url, flush=True), machinery)
    except BackendError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
