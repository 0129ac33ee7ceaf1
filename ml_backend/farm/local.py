"""Run a job's pieces in several processes of this machine, with retries: for people without a farm."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ml_backend.errors import BackendError, Cancelled
from ml_backend.progress import Reporter

from .job import FarmJob
from .starter import PATIENCE

LOGS = "logs"
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0  # seconds: storage or memory that fails shall have time to come back


@dataclass
class _Task:
    """A step of the job: what it is called in logs and messages, and what it is asked.

    not_before: when it may be tried again, on the monotonic clock.
    """

    name: str
    arguments: Sequence[str]
    tries: int = 0
    not_before: float = 0.0
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)


def run_job(job: FarmJob, folder: Path, workers: int, retries: int, reporter: Reporter) -> dict[str, int]:
    """Find the faces, make the pieces by `workers` processes at once, join them. What is done already takes a moment.

    Each piece that fails is tried again up to `retries` times, after a pause that doubles each time. Returns pieces and
    tries. Raises BackendError that names the piece and its log where one fails for good, Cancelled when asked to stop;
    the same call then goes on.
    """
    (folder / LOGS).mkdir(parents=True, exist_ok=True)
    pieces = [_Task(f"frames_{frames}", ["frames", "--frames", frames]) for frames in job.pieces]
    tries = 0
    with _ending_with_us() as watched:
        for tasks, at_once in (([_Task("faces", ["faces"])], 1), (pieces, workers), ([_Task("join", ["join"])], 1)):
            _run(folder, tasks, at_once, watched, retries, reporter)
            tries += sum(task.tries for task in tasks)
    return {"pieces": len(pieces), "tries": tries}


@contextmanager
def _ending_with_us() -> Iterator[int]:
    """A handle to read from that has nothing to give, and ends with this process, however that ends."""
    ours, held = os.pipe()
    try:
        yield ours
    finally:
        os.close(ours)
        os.close(held)


def _run(folder: Path, tasks: Sequence[_Task], at_once: int, watched: int, retries: int, reporter: Reporter) -> None:
    waiting, running, done = list(tasks), list[_Task](), 0
    try:
        while waiting or running:
            for task in [task for task in waiting if task.not_before <= time.monotonic()][: at_once - len(running)]:
                waiting.remove(task)
                running.append(_start(folder, task, at_once, watched))
            time.sleep(0.1)
            for task in [task for task in running if _ended(task)]:
                running.remove(task)
                code = task.process.returncode if task.process else 0
                if code == 0:
                    done += 1
                    reporter.progress(task.name.partition("_")[0], done, len(tasks))
                elif code in (2, 3) or task.tries > retries:  # wrong usage or no consent: trying again changes nothing
                    raise _failed(folder, task, code)
                else:
                    pause = pause_before(task.tries)
                    said = _last_words(folder, task)
                    reporter.message(f"{task.name} failed (exit {code}) and is tried again in {pause:g} s{said}")
                    task.not_before = time.monotonic() + pause
                    waiting.append(task)
            if reporter.stop_requested():
                raise Cancelled
    finally:
        _stop(running)


def pause_before(tries: int) -> float:
    """Seconds to wait after so many tries that failed: 1, 2, 4 … up to a minute."""
    return min(_FIRST_PAUSE * 2.0 ** (min(tries, 16) - 1), _LONGEST_PAUSE)


def _start(folder: Path, task: _Task, at_once: int, watched: int) -> _Task:
    threads = str(max(1, (os.cpu_count() or 1) // at_once))
    environment = {"OMP_NUM_THREADS": threads, "OMP_WAIT_POLICY": "PASSIVE"} | os.environ
    command = [sys.executable, "-m", "ml_backend", "farm", "step", str(folder), *task.arguments, "--watch-stdin"]
    with _log(folder, task).open("ab") as log:
        # a group of its own: Ctrl-C is for this process, which asks the others to stop
        task.process = subprocess.Popen(
            command,
            env=environment,
            stdin=watched,
            stdout=log,
            stderr=log,
            start_new_session=os.name == "posix",
        )
    task.tries += 1
    return task


def _ended(task: _Task) -> bool:
    return task.process is None or task.process.poll() is not None


def _failed(folder: Path, task: _Task, code: int) -> BackendError:
    log = _log(folder, task)
    said = _last_words(folder, task)
    error = BackendError(f"{task.name} failed (exit {code}){said}", f"Log: {log}. The same command goes on from here.")
    error.exit_code = code if code in (2, 3) else 1
    return error


def _last_words(folder: Path, task: _Task) -> str:
    lines = _log(folder, task).read_text("utf-8", "replace").strip().splitlines()
    return f": {lines[-1].removeprefix('ml-backend: ')}" if lines else "."


def _log(folder: Path, task: _Task) -> Path:
    return folder / LOGS / f"{task.name}.log"


def _stop(tasks: Sequence[_Task]) -> None:
    """Ask what still runs to stop; end what does not."""
    processes = [task.process for task in tasks if task.process and task.process.poll() is None]
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + PATIENCE
    for process in processes:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
