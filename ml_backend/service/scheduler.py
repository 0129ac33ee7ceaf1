"""Runs the queued jobs: one heavy one at a time, one light one beside it, each in a process of its own."""

import asyncio
import logging
import secrets
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ml_backend.atomic import new_folder, remove_leftovers
from ml_backend.jobs import JobKind
from ml_backend.service import file_lock, processes
from ml_backend.service.events import EventWriter, last_progress
from ml_backend.service.job_folder import JobFolder
from ml_backend.service.protocol import FINAL, Job, Problem, Progress, State
from ml_backend.service.store import Store

logger = logging.getLogger(__name__)

WORKER: tuple[str, ...] = (sys.executable, "-m", "ml_backend.service.worker")


@dataclass(frozen=True)
class Grace:
    """Seconds that a job gets to stop by itself, and then after being told to end, before it is killed."""

    clean: float = 5.0
    terminated: float = 2.0


@dataclass(frozen=True)
class Ending:
    """How a job ended."""

    state: State
    result: dict[str, Any] | None = None
    error: Problem | None = None


class Scheduler:
    """All methods run in the event loop's thread."""

    def __init__(
        self, store: Store, jobs: Path, kinds: Mapping[str, JobKind], worker: Sequence[str | Path], grace: Grace
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._worker = worker
        self._grace = grace
        self._lanes = ([k.name for k in kinds.values() if k.heavy], [k.name for k in kinds.values() if not k.heavy])
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._escalations: set[asyncio.Task[None]] = set()
        self._stopping = False

    def start(self) -> None:
        """Take up the queue, first the jobs that ran when the service was killed."""
        remove_leftovers(self._jobs)
        interrupted = self._store.queue_interrupted()
        if interrupted:
            logger.warning("%d interrupted job(s) are queued again", interrupted)
        self._fill_lanes()

    def folder(self, id: str) -> JobFolder:
        return JobFolder(self._jobs / id)

    def submit(self, kind: str, request: dict[str, Any]) -> Job:
        """Queue a job whose request was checked."""
        id = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
        folder = self.folder(id)
        with new_folder(folder.path) as path:
            JobFolder(path).write_job(id, kind, request)
        job = self._store.add(id, kind, request, folder.log)
        _tell_state(folder, "queued")
        self._fill_lanes()
        return self.get(id) or job

    def get(self, id: str) -> Job | None:
        job = self._store.get(id)
        return job and self._with_progress(job)

    def all(self) -> list[Job]:
        """All jobs, oldest first."""
        return [self._with_progress(job) for job in self._store.all()]

    def cancel(self, job: Job) -> Job:
        """Stop the job, or take it from the queue; nothing happens to one that has ended."""
        folder = self.folder(job.id)
        if job.state == "queued" and not file_lock.held(folder.lock):
            self._finish(folder, job.id, Ending("cancelled"))
        elif job.state not in FINAL:
            folder.ask_to_stop()
            if job.id in self._processes:
                self._escalate(self._processes[job.id])
        return self.get(job.id) or job

    async def stop(self) -> None:
        """Start nothing new, cancel what runs, and return when no process is left."""
        self._stopping = True
        for job in self._store.all():
            if job.state == "running":
                self.cancel(job)
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def kill_all(self) -> None:
        """End all processes now."""
        for process in self._processes.values():
            processes.kill_group(process.pid)

    def _fill_lanes(self) -> None:
        for lane, kinds in enumerate(self._lanes):
            job = None if self._stopping or lane in self._tasks else self._store.next_queued(kinds)
            if job:
                self._store.begin(job.id)
                self._tasks[lane] = asyncio.create_task(self._work(lane, job))

    async def _work(self, lane: int, job: Job) -> None:
        folder = self.folder(job.id)
        try:
            ending = await self._run(folder, job)
        except Exception as error:  # one job's trouble, such as a full disk, must not end the service
            logger.exception("Job %s could not be run", job.id)
            fix = f"The service's log tells more: {self._jobs.parent / 'service.log'}"
            ending = Ending("failed", error=Problem(code="internal", message=f"{error}", fix=fix))
        try:
            self._finish(folder, job.id, ending)
        except sqlite3.Error:  # the job stays running in the store; the next start reads its outcome
            logger.exception("The end of job %s could not be stored", job.id)
        finally:
            del self._tasks[lane]
            self._fill_lanes()

    async def _run(self, folder: JobFolder, job: Job) -> Ending:
        await asyncio.to_thread(_end_earlier_process, folder, self._grace)
        ended_before = _ending(folder)
        if ended_before:
            return ended_before
        _tell_state(folder, "running")
        process = processes.start([*self._worker, folder.path], folder.log)
        self._processes[job.id] = process
        try:
            code = await asyncio.to_thread(process.wait)
        finally:
            del self._processes[job.id]
            processes.kill_group(process.pid)  # what it may have started and left behind
            assert process.stdin
            process.stdin.close()
        return _ending(folder) or _crashed(folder, code)

    def _escalate(self, process: "subprocess.Popen[bytes]") -> None:
        async def press() -> None:
            await asyncio.sleep(self._grace.clean)
            if process.poll() is None:
                processes.terminate(process)
                await asyncio.sleep(self._grace.terminated)
            if process.poll() is None:
                processes.kill_group(process.pid)

        task = asyncio.create_task(press())
        self._escalations.add(task)
        task.add_done_callback(self._escalations.discard)

    def _finish(self, folder: JobFolder, id: str, ending: Ending) -> None:
        progress = last_progress(folder.events)
        self._store.finish(
            id, ending.state, ending.result, ending.error, Progress.model_validate(progress) if progress else None
        )
        error = ending.error and ending.error.model_dump()
        _tell_state(folder, ending.state, {"result": ending.result, "error": error})

    def _with_progress(self, job: Job) -> Job:
        if job.state != "running":
            return job
        progress = last_progress(self.folder(job.id).events)
        return job.model_copy(update={"progress": Progress.model_validate(progress) if progress else None})


def _tell_state(folder: JobFolder, state: State, more: dict[str, Any] | None = None) -> None:
    try:
        with EventWriter(folder.events) as events:
            events.append("state", {"state": state, **(more or {})})
    except OSError as error:  # the store has the state, and readers of events look there too
        logger.warning("An event of %s could not be stored: %s", folder.path.name, error)


def _end_earlier_process(folder: JobFolder, grace: Grace) -> None:
    """See to it that the process that a killed service left behind is gone: a job never runs twice at once."""
    if file_lock.free_within(folder.lock, grace.clean + 1):
        return
    pid = file_lock.holder(folder.lock)
    if pid:
        processes.kill_group(pid)
    if not file_lock.free_within(folder.lock, grace.terminated):
        raise RuntimeError(f"A process from before still holds {folder.lock}; end it and start the job again.")


def _ending(folder: JobFolder) -> Ending | None:
    """What the process said, or that it was cancelled; None where it did not say, or did not run yet."""
    outcome = folder.read_outcome()
    if outcome:
        error = outcome.get("error")
        return Ending(outcome["state"], outcome.get("result"), Problem.model_validate(error) if error else None)
    return Ending("cancelled") if folder.stop_asked() else None


def _crashed(folder: JobFolder, code: int) -> Ending:
    if code < 0:
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
        message = f"The job's process was ended by {name}."
        if name == "SIGKILL":
            message += " Often this is the system, when memory runs out."
    else:
        message = f"The job's process ended with code {code} without saying why."
    fix = f"Start the job again: it goes on where it was. The log tells more: {folder.log}"
    return Ending("failed", error=Problem(code="crashed", message=message, fix=fix))
