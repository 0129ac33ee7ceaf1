"""`launch.py serve WORKSPACE [PARENT_PID]` runs the real service with the tests' kinds of job; `launch.py JOB_FOLDER`
is the process of one job."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from job_kinds import KINDS

from ml_backend.errors import BackendError
from ml_backend.service.job_folder import JobFolder
from ml_backend.service.scheduler import Grace
from ml_backend.service.server import Machinery, serve
from ml_backend.service.worker import main


def run(arguments: list[str]) -> int:
    if arguments[0] != "serve":
        return main(JobFolder(Path(arguments[0])), KINDS)
    machinery = Machinery(KINDS, (sys.executable, __file__), Grace(clean=1.0, terminated=0.5))
    parent = int(arguments[2]) if len(arguments) > 2 else None
    try:
        serve(Path(arguments[1]), parent, lambda endpoint: print(endpoint.url, flush=True), machinery)
    except BackendError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
