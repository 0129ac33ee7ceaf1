"""Job kinds that tests can steer: real functions that real workers run."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from ml_backend.errors import BackendError, Cancelled, RefusedError, UsageError
from ml_backend.jobs import JobKind
from ml_backend.progress import Reporter


class Count(BaseModel):
    """Counts up in `file`, one step each `pause` seconds, and goes on where the file says."""

    file: Path
    total: int = 3
    pause: float = 0.01


class End(BaseModel):
    how: str


class Stubborn(BaseModel):
    child: Path


class Fill(BaseModel):
    """Takes `total` steps of 0.05 s in the folder `out`."""

    out: Path
    total: int


class Chatty(BaseModel):
    picture: Path


class Babble(BaseModel):
    """Tells `lines` messages of `size` letters."""

    lines: int
    size: int


def count(request: Count, reporter: Reporter) -> dict[str, Any]:
    done = int(request.file.read_text()) if request.file.exists() else 0
    reporter.message(f"Starting at {done}")
    while done < request.total:
        if reporter.stop_requested():
            raise Cancelled
        time.sleep(request.pause)
        done += 1
        request.file.write_text(str(done))
        reporter.progress("count", done, request.total, {"loss": 1 / done, "bad": float("nan")})
    reporter.preview(request.file)
    return {"counted": done, "bad": float("inf"), "file": request.file, "pid": os.getpid()}


def end(request: End, reporter: Reporter) -> dict[str, Any]:
    reporter.progress("ending", 1, 2)
    match request.how:
        case "failed":
            raise BackendError("It failed.", "Try something else.")
        case "usage":
            raise UsageError("There is no such thing.", "Give one.")
        case "refused":
            raise RefusedError("Not allowed.", "Ask first.")
        case "bug":
            raise ZeroDivisionError("a bug")
        case "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "exit":
            os._exit(7)
    return {}


def stubborn(request: Stubborn, reporter: Reporter) -> dict[str, Any]:
    """Never asks whether it should stop, and has a child that does not either."""
    sleep = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    child = subprocess.Popen([sys.executable, "-c", sleep])
    request.child.write_text(str(child.pid))
    reporter.progress("stubborn", 0, 1)
    time.sleep(600)
    return {}


def fill(request: Fill, reporter: Reporter) -> dict[str, Any]:
    for step in range(request.total):
        if reporter.stop_requested():
            raise Cancelled
        reporter.progress("fill", step, request.total)
        time.sleep(0.05)
    return {}


def chatty(request: Chatty, reporter: Reporter) -> dict[str, Any]:
    print("printed")
    print("to the error", "output", file=sys.stderr)
    reporter.detail("so many parameters")
    reporter.preview(request.picture)
    request.picture.write_bytes(b"changed")
    return {}


def babble(request: Babble, reporter: Reporter) -> dict[str, Any]:
    for line in range(request.lines):
        reporter.message(f"{line} {'x' * request.size}")
    return {}


KINDS = {
    kind.name: kind
    for kind in (
        JobKind("count", Count, count),
        JobKind("end", End, end),
        JobKind("stubborn", Stubborn, stubborn),
        JobKind("light", Count, count, heavy=False),
        JobKind("filler", Fill, fill, output="out"),
        JobKind("light filler", Fill, fill, heavy=False, output="out"),
        JobKind("chatty", Chatty, chatty),
        JobKind("babbler", Babble, babble),
    )
}
