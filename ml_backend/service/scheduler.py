"""The queue: what waits, what runs, and every change of a job's state."""

import asyncio
import logging
import secrets
import shutil
import sqlite3
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ml_backend.atomic import new_folder, remove_leftovers
from ml_backend.errors import BackendError
from ml_backend.jobs import JobKind
from ml_backend.service import file_lock, recovery
from ml_backend.service.job.events import EventWriter, last_progress
from ml_backend.service.job.folder import JobFolder
from ml_backend.service.lanes import Lane, make_lanes
from ml_backend.service.protocol import FINAL, Device, Ending, Job, NewJob, Problem, Progress, State, Wish
from ml_backend.service.roots import Roots
from ml_backend.service.runner import Grace, Run
from ml_backend.service.store import Store

logger = logging.getLogger(__name__)

AGAIN = 2.0
"""Seconds until what a full disk prevented is tried again."""


class WrongState(BackendError):
    """A job is not in a state in which this can be done."""


class Scheduler:
    """Runs one heavy job at a time on each device and one light job beside them, each in a process of its own.

    All methods run in the event loop's thread.
    """

    def __init__(
        self,
        store: Store,
        jobs: Path,
        roots: Roots,
        *,
        kinds: Mapping[str, JobKind],
        worker: Sequence[str | Path],
        grace: Grace,
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._kinds = kinds
        self._worker = worker
        self._grace = grace
        self._roots = roots
        self._lanes = make_lanes(kinds, None)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._runs: dict[str, Run] = {}
        self._outputs: dict[str, str] = {}
        self._stopping = False

    def start(self) -> None:
        """Take up the queue, first the jobs that ran when the service was killed."""
        self._jobs.mkdir(exist_ok=True)
        remove_leftovers(self._jobs)
        recovery.adopt_unknown(self._store, self._jobs)
        recovery.mend_folders(self._store, self._jobs)
        recovery.take_up_interrupted(self._store, self._jobs)
        self._fill_lanes()

    def use_devices(self, devices: Sequence[Device]) -> None:
        """From now on, run one heavy job on each of these."""
        self._lanes = make_lanes(self._kinds, devices)
        self._fill_lanes()

    def folder(self, id: str) -> JobFolder:
        return JobFolder(self._jobs / id)

    def submit(self, new: NewJob) -> tuple[Job, bool]:
        """Queue a job whose request was checked; the job of the same `key` where there is one. Says whether it is new.

        Raises OSError or sqlite3.Error where it could not be stored; nothing is left of it then.
        """
        known = new.key and self._store.by_key(new.key)
        if known:
            return self._existing(known), False
        id = f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}-{secrets.token_hex(2)}"  # sorted by name, they are in order
        folder = self.folder(id)
        with new_folder(folder.path) as path:
            JobFolder(path).write_job(new, self._roots.allowed())
        try:
            self._store.add(id, new, folder.log)
        except sqlite3.Error:
            shutil.rmtree(folder.path, ignore_errors=True)
            raise
        _tell_state(folder, "queued")
        self._fill_lanes()
        return self._existing(id), True

    def get(self, id: str) -> Job | None:
        job = self._store.get(id)
        return job and self._present(job, self._places() if job.state == "queued" else {})

    def all(self) -> list[Job]:
        """All jobs, oldest first."""
        places = self._places()
        return [self._present(job, places) for job in self._store.all()]

    def state(self, id: str) -> str | None:
        return self._store.state(id)

    def heavy_at_work(self) -> frozenset[str]:
        """The ids of the heavy jobs that run now."""
        jobs = (self._store.get(id) for id in self._runs)
        return frozenset(job.id for job in jobs if job and job.kind in self._kinds and self._kinds[job.kind].heavy)

    def cancel(self, job: Job) -> Job:
        """Stop the job, or take it from the queue; nothing happens to one that has ended."""
        if job.state not in FINAL:
            self._stop_job(job, "cancel", Ending(state="cancelled"))
        return self._existing(job.id)

    def pause(self, job: Job) -> Job:
        """Let the job stop at its next safe point, and wait until it is resumed."""
        self._need(job, {"queued", "running"}, "paused")
        self._stop_job(job, "pause", Ending(state="paused"))
        return self._existing(job.id)

    def resume(self, job: Job) -> Job:
        """Queue a paused job again."""
        self._need(job, {"paused"}, "resumed")
        return self._requeue(job)

    def retry(self, job: Job) -> Job:
        """Queue again a job that did not end well; it goes on where it was."""
        self._need(job, FINAL - {"done"}, "retried")
        return self._requeue(job)

    def move(self, job: Job, before: Job | None) -> list[Job]:
        """Let a queued job run before another queued one, or last."""
        for other in [job] if before is None else [job, before]:
            self._need(other, {"queued"}, "moved in the queue")
        if before is None or before.id != job.id:
            self._store.move(job.id, before.id if before else None)
        return self.all()

    def remove(self, job: Job) -> None:
        """Forget an ended job, its log and previews; what it made stays."""
        self._need(job, FINAL, "removed")
        folder = self.folder(job.id).path
        gone = folder.with_name(f".{job.id}.removed.part")
        if folder.exists():  # first the folder: a folder alone would come back as a job at the next start
            folder.rename(gone)
        try:
            self._store.remove(job.id)
        except sqlite3.Error:
            if gone.exists():
                gone.rename(folder)
            raise
        shutil.rmtree(gone, ignore_errors=True)

    async def stop(self) -> None:
        """Start nothing new, pause what runs, and return when no process is left."""
        self._stopping = True
        for job in self._store.all():
            if job.state != "running" or self.folder(job.id).asked():
                continue
            try:
                self._stop_job(job, "pause", Ending(state="paused"))
            except OSError:  # a full disk: without words then; the next start goes on with it
                self._runs[job.id].kill()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def kill_all(self) -> None:
        """End all processes now."""
        for run in self._runs.values():
            run.kill()

    def _existing(self, id: str) -> Job:
        job = self.get(id)
        assert job
        return job

    def _present(self, job: Job, places: Mapping[str, int]) -> Job:
        """The job with what only a running or a waiting one has."""
        if job.state == "queued":
            return job.model_copy(update={"place": places.get(job.id)})
        if job.state != "running":
            return job
        folder = self.folder(job.id)
        progress = last_progress(folder.events)
        now = {"progress": Progress.model_validate(progress) if progress else None, "asked": folder.asked()}
        return job.model_copy(update=now)

    def _places(self) -> dict[str, int]:
        heavy = tuple(kind.name for kind in self._kinds.values() if kind.heavy)
        light = tuple(kind.name for kind in self._kinds.values() if not kind.heavy)
        return {job.id: place for kinds in (heavy, light) for place, job in enumerate(self._store.queue(kinds), 1)}

    @staticmethod
    def _need(job: Job, states: frozenset[str] | set[str], what: str) -> None:
        if job.state not in states:
            raise WrongState(
                f"The job {job.id} is {job.state} and cannot be {what}.",
                f"That can be done to one that is {', '.join(sorted(states))}.",
            )

    def _stop_job(self, job: Job, wish: Wish, ending: Ending) -> None:
        folder = self.folder(job.id)
        if job.state != "running" and not file_lock.held(folder.lock):
            self._finish(job.id, ending, 0.0)
            return
        folder.ask_to(wish)
        if job.id in self._runs:
            self._runs[job.id].press()

    def _requeue(self, job: Job) -> Job:
        folder = self.folder(job.id)
        folder.reopen()
        self._store.enqueue(job.id)
        _tell_state(folder, "queued")
        self._fill_lanes()
        return self._existing(job.id)

    def _fill_lanes(self) -> None:
        for lane in self._lanes:
            if self._stopping or lane.name in self._tasks:
                continue
            job = next((job for job in self._store.queue(lane.kinds) if self._output(job) not in self._busy()), None)
            if job is None:
                continue
            try:
                self._store.begin(job.id, lane.device)
            except sqlite3.Error as error:
                logger.warning("The job %s could not be started: %s", job.id, error)
                asyncio.get_running_loop().call_later(AGAIN, self._fill_lanes)
                return
            self._outputs[job.id] = self._output(job)
            self._tasks[lane.name] = asyncio.create_task(self._work(lane, job))

    def _output(self, job: Job) -> str:
        """The folder that the job fills; a text of its own where it fills none."""
        kind = self._kinds.get(job.kind)
        return str(job.request.get(kind.output)) if kind and kind.output else job.id

    def _busy(self) -> set[str]:
        return set(self._outputs.values())

    async def _work(self, lane: Lane, job: Job) -> None:
        started = time.monotonic()
        run = self._runs[job.id] = Run(self.folder(job.id), self._worker, self._grace)
        try:
            ending = await run.complete(lambda: self._prepare(job), lane.environment)
        except Exception as error:  # one job's trouble, such as a full disk, must not end the service
            logger.exception("Job %s could not be run", job.id)
            fix = f"The service's log tells more: {self._jobs.parent / 'service.log'}"
            ending = Ending(state="failed", error=Problem(code="internal", message=f"{error}", fix=fix))
        try:
            await self._finish_surely(job.id, ending, time.monotonic() - started)
        finally:
            del self._tasks[lane.name], self._runs[job.id], self._outputs[job.id]
            self._fill_lanes()

    def _prepare(self, job: Job) -> None:
        """The job's file is written again for each run: it may be damaged, and the allowed folders may have changed."""
        folder = self.folder(job.id)
        folder.path.mkdir(exist_ok=True)
        folder.write_job(NewJob.model_validate(self._store.sent(job.id)), self._roots.allowed())
        _tell_state(folder, "running")

    async def _finish_surely(self, id: str, ending: Ending, seconds: float) -> None:
        """Store how the job ended; where the disk is full, wait until it is not. The next start reads it otherwise."""
        while True:
            try:
                self._finish(id, ending, seconds)
                return
            except sqlite3.Error as error:
                logger.warning("The end of job %s could not be stored: %s", id, error)
            if self._stopping:
                return
            await asyncio.sleep(AGAIN)

    def _finish(self, id: str, ending: Ending, seconds: float) -> None:
        folder = self.folder(id)
        try:
            said = folder.read_outcome()
            if said is None or said.state != ending.state:
                folder.write_ending(ending)
        except OSError as error:
            logger.warning("The outcome of %s could not be written: %s", id, error)
        progress = last_progress(folder.events)
        last = Progress.model_validate(progress) if progress else None
        self._store.finish(id, ending, last, seconds)
        _tell_state(folder, ending.state, ending.model_dump(include={"result", "error"}))


def _tell_state(folder: JobFolder, state: State, more: dict[str, Any] | None = None) -> None:
    try:
        with EventWriter(folder.events) as events:
            events.append("state", {"state": state, **(more or {})})
    except OSError as error:  # the store has the state, and readers of events look there too
        logger.warning("An event of %s could not be stored: %s", folder.path.name, error)
