"""A service whose preview process does what the settings of its requests say.

`preview_launch.py serve WORKSPACE IDLE PATIENCE` is the service, `preview_launch.py process [--no-gpu]` the process.
The loop, the pipes and the service are the product's; only what is rendered is not.
"""

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from job_kinds import KINDS

from ml_backend.errors import BackendError, RefusedError, UsageError
from ml_backend.requests import PreviewRequest
from ml_backend.service.preview.previews import PreviewTerms
from ml_backend.service.preview.process import main
from ml_backend.service.runner import Grace
from ml_backend.service.server import Machinery, Terms, serve

ERRORS = {"refused": RefusedError, "usage": UsageError, "failed": BackendError}


def render(request: PreviewRequest) -> dict[str, Any]:
    """Write this process's id and its arguments to `out` after `wait` appeared there, then end as `do` says."""
    do = request.settings.get("do", "render")
    request.out.write_text(f"{os.getpid()} {' '.join(sys.argv[2:])}")
    print("a library says hello")
    while "until" in request.settings and not Path(request.settings["until"]).exists():
        time.sleep(0.01)
    if do == "hang":
        time.sleep(600)
    if do == "exit":
        os._exit(7)
    if do == "bug":
        raise ZeroDivisionError("a bug")
    if do in ERRORS:
        raise ERRORS[do](f"It is {do}.", "Mend it.")
    return {"out": str(request.out), "layer": "layer", "seconds": 0, "faces": 1, "steadied": False, "warm": True}


def run(arguments: list[str]) -> int:
    if arguments[0] == "process":
        return main(lambda: render)
    terms = PreviewTerms((sys.executable, __file__, "process"), idle=float(arguments[2]), patience=float(arguments[3]))
    worker = (sys.executable, str(Path(__file__).with_name("launch.py")))
    machinery = Machinery(KINDS, worker, None, Grace(clean=1.0, pause=1.0, terminated=0.5), terms)
    roots = Terms(roots=(Path(tempfile.gettempdir()),))
    serve(Path(arguments[1]), roots, lambda endpoint: print(endpoint.url, flush=True), machinery)
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
