"""The chaos test's kinds of job, which leave evidence of their own about what happened to them.

`chaos_kinds.py serve WORKSPACE ROOT` runs the real service with them; `chaos_kinds.py JOB_FOLDER` is the process of one
job.
"""

import fcntl
import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

from ml_backend.atomic import new_folder, remove_leftovers, write_bytes
from ml_backend.errors import BackendError, Cancelled, RefusedError
from ml_backend.jobs import JobKind
from ml_backend.progress import Reporter
from ml_backend.service.job import worker
from ml_backend.service.job.folder import JobFolder

ORPHAN_SECONDS = 0.5
"""In place of the worker's five, so that a hundred rounds do not take an hour."""
SEAL = 32
TWICE = "TWICE"


class Work(BaseModel):
    """Writes `pieces` sealed files MARK-N.png and a folder MARK-folder into `out`, then ends as `how` says.

    Goes on where it was. `evidence` is a folder on another disk for locks and traces.
    """

    mark: str
    evidence: Path
    out: Path
    pieces: int = 2
    pause: float = 0.0
    how: Literal["done", "failed", "refused", "bug", "crash", "exit", "stubborn"] = "done"
    child: bool = False


def sealed(data: bytes) -> bytes:
    return hashlib.sha256(data).digest() + data


def intact(content: bytes) -> bool:
    """Is this a whole sealed file?"""
    return len(content) > SEAL and hashlib.sha256(content[SEAL:]).digest() == content[:SEAL]


def work(request: Work, reporter: Reporter) -> dict[str, Any]:
    trace = os.open(request.evidence / f"{request.mark}.trace", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(trace, f"run {os.getpid()}\n".encode())
    for name in (request.mark, request.out.name):
        # never closed: held until this process ends, however it ends
        lock = os.open(request.evidence / f"{name}.lock", os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.write(trace, f"{TWICE}: another process holds {name}\n".encode())
            raise
    request.out.mkdir(exist_ok=True)
    remove_leftovers(request.out)
    if request.child:
        subprocess.Popen(["sleep", "300"], env={**os.environ, "CHAOS": str(request.evidence)})
    for number in range(request.pieces):
        _stop_if_asked(request, reporter)
        path = request.out / f"{request.mark}-{number}.png"
        if not path.exists():
            write_bytes(path, sealed(random.randbytes(random.randrange(1, 6000))))
        reporter.progress("pieces", number + 1, request.pieces, {"loss": 1 / (number + 1)})
        time.sleep(request.pause)
    reporter.preview(request.out / f"{request.mark}-0.png")
    print(f"{request.mark}: all pieces are there")
    folder = request.out / f"{request.mark}-folder"
    if not folder.exists():
        with new_folder(folder) as part:
            for name in ("a", "b"):
                (part / name).write_bytes(sealed(random.randbytes(2000)))
    return _end(request, reporter)


def _stop_if_asked(request: Work, reporter: Reporter) -> None:
    if request.how != "stubborn" and reporter.stop_requested():
        raise Cancelled


def _end(request: Work, reporter: Reporter) -> dict[str, Any]:
    match request.how:
        case "failed":
            raise BackendError("It failed.", "Try something else.")
        case "refused":
            raise RefusedError("Not allowed.", "Ask first.")
        case "bug":
            raise ZeroDivisionError("a bug")
        case "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        case "exit":
            os._exit(7)
        case "stubborn":
            reporter.message("Not listening from here on")
            time.sleep(300)
    return {"pieces": request.pieces}


KINDS = {
    kind.name: kind
    for kind in (
        JobKind("heavy", Work, work, output="out"),
        JobKind("light", Work, work, heavy=False, output="out"),
    )
}


def _serve(workspace: Path, root: Path) -> int:
    from ml_backend.service import scheduler
    from ml_backend.service.runner import Grace
    from ml_backend.service.server import Machinery, Terms, serve

    scheduler.AGAIN = 0.2
    grace = Grace(clean=0.3, pause=0.3, terminated=0.2)
    machinery = Machinery(KINDS, (sys.executable, __file__), None, grace)
    try:
        serve(workspace, Terms(roots=(root,)), lambda endpoint: print(endpoint.url, flush=True), machinery)
    except BackendError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        sys.exit(_serve(Path(sys.argv[2]), Path(sys.argv[3])))
    worker.ORPHAN_SECONDS = ORPHAN_SECONDS
    sys.exit(worker.main(JobFolder(Path(sys.argv[1])), KINDS))
