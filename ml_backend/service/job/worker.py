"""The process of one job: `python -m ml_backend.service.job.worker JOB_FOLDER`.

Reads job.json, checks the request, runs the job, and writes how it ended. It stops at the next safe point when the
folder's stop file appears, on SIGTERM, and when the service is gone (the pipe on its standard input ends); in the
last case it writes no outcome, so that the service's next start goes on with the job.
"""

import faulthandler
import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError
from pydantic_core import to_json

from ml_backend.errors import BackendError, Cancelled, RefusedError, UsageError, is_full_disk, long_names_refused
from ml_backend.jobs import JOB_KINDS, JobKind
from ml_backend.provenance.consent import ConsentRefused
from ml_backend.service import file_lock, roots
from ml_backend.service.job.events import EventWriter
from ml_backend.service.job.folder import JobFolder
from ml_backend.service.job.log_lines import LogLines, say
from ml_backend.service.job.reporter import EventReporter
from ml_backend.service.processes import kill_group
from ml_backend.service.protocol import Ended, Problem

ORPHAN_SECONDS = 5.0
"""How long a job may take to stop by itself when the service is gone."""
NOT_STORED = 4
"""The exit code where the outcome could not be written."""
RESUMES = "Retry: it goes on where it was."


class Stop:
    """Why the job should stop, if it should."""

    def __init__(self) -> None:
        self.event = threading.Event()
        self.orphaned = False

    def watch(self) -> None:
        """Listen to signals, and to the service's end in a thread of its own."""
        signal.signal(signal.SIGTERM, lambda *_: self.event.set())
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the service's to hear
        if sys.platform == "win32":
            signal.signal(signal.SIGBREAK, lambda *_: self.event.set())
        threading.Thread(target=self._watch_input, daemon=True).start()

    def _watch_input(self) -> None:
        while os.read(0, 4096):
            pass
        self.orphaned = True
        self.event.set()
        time.sleep(ORPHAN_SECONDS)
        say("The service is gone and the job did not stop in time.")
        kill_group(os.getpid())
        os._exit(1)  # where this process leads no group


def main(folder: JobFolder, kinds: Mapping[str, JobKind]) -> int:
    """Run the job in `folder`; returns the exit code of the command line's convention, or NOT_STORED."""
    faulthandler.enable()
    stop = Stop()
    stop.watch()
    lock = file_lock.acquire(folder.lock)
    if not lock:
        print("Another process runs this job.", flush=True)
        return 1
    try:
        with EventWriter(folder.events) as events:
            reporter = EventReporter(folder, events, stop.event)
            sys.stdout = cast(Any, LogLines(sys.stdout, reporter.log))
            sys.stderr = cast(Any, LogLines(sys.stderr, reporter.log))
            state, content, code = _run(folder, kinds, reporter)
            reporter.finish()
        if state == "cancelled":
            _write_stopped(folder, stop)
        else:
            folder.write_outcome(state, content)
    except OSError as error:
        say(f"How the job ended could not be stored: {error}")
        code = NOT_STORED
    if stop.orphaned:  # nobody else is left to end what the job may have started
        kill_group(os.getpid())
    return code


def _write_stopped(folder: JobFolder, stop: Stop) -> None:
    """The job stopped before its end: because it was asked to, because the service is gone, or because of a signal."""
    wish = folder.asked()
    if wish:
        folder.write_outcome("paused" if wish == "pause" else "cancelled")
    elif not stop.orphaned:
        folder.write_outcome("failed", _json("terminated", "The job's process was told to end from outside.", RESUMES))


def _run(folder: JobFolder, kinds: Mapping[str, JobKind], reporter: EventReporter) -> tuple[Ended, bytes, int]:
    """The job's final state (cancelled for all that were stopped), its result or problem as JSON, and the exit code."""
    see_log = f"The log tells more: {folder.log}"
    try:
        job = folder.read_job()
        kind = kinds[job["kind"]]
        request = kind.request.model_validate(job["request"])
        roots.check(request, [Path(root) for root in job["roots"]])
        with long_names_refused():
            result = kind.run(request, reporter)
        return "done", to_json(result, inf_nan_mode="null", fallback=_plain), 0
    except Cancelled:
        return "cancelled", b"null", 130
    except BackendError as error:
        print(error, flush=True)
        code = "refused" if isinstance(error, RefusedError) else "usage" if isinstance(error, UsageError) else "failed"
        reason = error.reason if isinstance(error, ConsentRefused) else None
        problem = _json(code, error.message, error.fix or see_log, reason)
        return "refused" if code == "refused" else "failed", problem, error.exit_code
    except ValidationError as error:
        return "failed", _json("usage", f"The request does not fit: {error}", see_log), 2
    except Exception as error:  # whatever happened, the artist gets a line and the log gets the trace
        traceback.print_exc()
        if is_full_disk(error):
            return "failed", _json("disk_full", _line(error), f"Free some space on that disk, then {RESUMES}"), 1
        return "failed", _json("internal", _line(error), see_log), 1


def _line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".strip().splitlines()[0][:500]


def _json(code: str, message: str, fix: str, reason: str | None = None) -> bytes:
    return json.dumps(Problem(code=code, message=message, fix=fix, reason=reason).model_dump()).encode()


def _plain(value: Any) -> Any:
    """JSON for what JSON does not know: numpy's and torch's single numbers, else text."""
    return value.item() if hasattr(value, "item") else str(value)


if __name__ == "__main__":
    sys.exit(main(JobFolder(Path(sys.argv[1])), JOB_KINDS))
