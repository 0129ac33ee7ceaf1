"""Runs the process of one job, from its start to what it said at its end."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ml_backend.service import file_lock, processes
from ml_backend.service.job.folder import JobFolder
from ml_backend.service.job.worker import NOT_STORED, RESUMES
from ml_backend.service.protocol import Ending, Problem

WORKER: tuple[str, ...] = (sys.executable, "-m", "ml_backend.service.job.worker")


@dataclass(frozen=True)
class Grace:
    """Seconds that a job gets to stop by itself (a pause may have a large model to save), and then after being told to
    end, before it is killed."""

    clean: float = 5.0
    pause: float = 60.0
    terminated: float = 2.0


class Run:
    """One run of a job. All methods are called in the event loop's thread."""

    def __init__(self, folder: JobFolder, worker: Sequence[str | Path], grace: Grace) -> None:
        self._folder = folder
        self._worker = worker
        self._grace = grace
        self._process: subprocess.Popen[bytes] | None = None
        self._presses: set[asyncio.Task[None]] = set()

    async def complete(self, prepare: Callable[[], None], environment: Mapping[str, str]) -> Ending:
        """Call `prepare`, start the process with these further variables, and wait for its end.

        What an earlier process said counts: the service may have been killed before it read that.
        """
        await asyncio.to_thread(_end_earlier_process, self._folder, self._grace)
        said = self._folder.ending()
        if said:
            return said
        prepare()
        variables = {"DEEPFAKE_JOB": str(self._folder.path), **environment}
        self._process = processes.start([*self._worker, self._folder.path], self._folder.log, variables)
        self.press()  # it may have been asked to stop just before it started
        try:
            code = await asyncio.to_thread(self._process.wait)
        finally:
            processes.kill_group(self._process.pid)  # what it may have started and left behind
            assert self._process.stdin
            self._process.stdin.close()
        self._folder.tidy()
        return self._folder.ending() or _crashed(self._folder, code)

    def press(self) -> None:
        """Where the job was asked to stop, see to it that it does."""
        wish, process = self._folder.asked(), self._process
        if wish is None or process is None:
            return
        task = asyncio.create_task(self._escalate(process, self._grace.pause if wish == "pause" else self._grace.clean))
        self._presses.add(task)
        task.add_done_callback(self._presses.discard)

    async def _escalate(self, process: "subprocess.Popen[bytes]", patience: float) -> None:
        await asyncio.sleep(patience)
        if process.poll() is None:
            processes.terminate(process)
            await asyncio.sleep(self._grace.terminated)
        if process.poll() is None:
            processes.kill_group(process.pid)

    def kill(self) -> None:
        """End the process and all that it started, now."""
        if self._process:
            processes.kill_group(self._process.pid)


def _end_earlier_process(folder: JobFolder, grace: Grace) -> None:
    """See to it that the process that a killed service left behind is gone: a job never runs twice at once."""
    free = file_lock.free_within(folder.lock, grace.clean + 1)
    pid = file_lock.holder(folder.lock)
    if pid and free:
        processes.kill_left_over(pid, str(folder.path))
    if free:
        return
    if pid:
        processes.kill_group(pid)
    if not file_lock.free_within(folder.lock, grace.terminated):
        raise RuntimeError(f"A process from before still holds {folder.lock}; end it and start the job again.")


def _crashed(folder: JobFolder, code: int) -> Ending:
    fix = f"{RESUMES} The log tells more: {folder.log}"
    if code == NOT_STORED:
        message = "The job ended, and how could not be stored: the workspace's disk is full or cannot be written."
        return Ending(state="failed", error=Problem(code="disk_full", message=message, fix=f"Free some space. {fix}"))
    if code < 0:
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
        message = f"The job's process was ended by {name}."
        if name == "SIGKILL":
            message += " Often this is the system, when memory runs out."
    else:
        message = f"The job's process ended with code {code} without saying why."
    return Ending(state="failed", error=Problem(code="crashed", message=message, fix=fix))
