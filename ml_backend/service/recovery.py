"""After the service or the machine went down: which jobs are there, and what has become of each."""

import logging
import re
from datetime import UTC, datetime
from pathlib import Path

from ml_backend.service import file_lock, processes
from ml_backend.service.job.folder import JobFolder
from ml_backend.service.job.worker import RESUMES
from ml_backend.service.protocol import FINAL, Ending, Job, NewJob, Problem
from ml_backend.service.store import Store

logger = logging.getLogger(__name__)

QUICKLY = 60.0
MOST_INTERRUPTIONS = 5


def adopt_unknown(store: Store, jobs: Path) -> None:
    """Add to the store the jobs that only their folders know: it was damaged, or the service died while adding one."""
    known = {job.id for job in store.all()}
    for path in sorted(jobs.glob("[!.]*")):
        if path.name in known or not path.is_dir():
            continue
        folder = JobFolder(path)
        try:
            new = folder.read_new()
        except (OSError, ValueError) as error:
            logger.error("%s is no job that can be read (%s). It is left as it is.", path, error)
            continue
        if new.key and store.by_key(new.key):  # copied by hand
            new = new.model_copy(update={"key": None})
        store.add(path.name, new, folder.log, _created(path.name))
        said = folder.ending()
        if said:
            store.finish(path.name, said)
        logger.warning("The job %s was found in its folder and is %s", path.name, said.state if said else "queued")


def mend_folders(store: Store, jobs: Path) -> None:
    """Write again, from the store, what is damaged in the folders: the store could not be made from them otherwise."""
    for job in store.all():
        folder = JobFolder(jobs / job.id)
        try:
            if not file_lock.held(folder.lock):
                folder.tidy()
            if not _readable(folder):
                folder.path.mkdir(exist_ok=True)
                folder.write_job(NewJob.model_validate(store.sent(job.id)), [])
                logger.warning("The file of job %s was damaged and is written again", job.id)
            if (job.state in FINAL or job.state == "paused") and folder.read_outcome() is None:
                folder.write_ending(Ending.model_validate(job.model_dump(include={"state", "result", "error"})))
        except OSError as error:
            logger.error("The folder of job %s could not be mended: %s", job.id, error)


def _readable(folder: JobFolder) -> bool:
    try:
        folder.read_new()
    except (OSError, ValueError):
        return False
    return True


def take_up_interrupted(store: Store, jobs: Path) -> None:
    """Queue again the jobs that ran when the service was killed, at their old place, unless they have ended.

    A job that takes the service down with it again and again would do so for ever: after five runs in a row that did
    not last a minute it counts as failed.
    """
    for job in store.all():
        if job.state != "running":
            continue
        folder = JobFolder(jobs / job.id)
        worker = file_lock.holder(folder.lock)
        if worker and not file_lock.held(folder.lock):
            processes.kill_left_over(worker, str(folder.path))
        said = folder.ending()
        if said is None and store.interrupted(job.id, _worked(job, folder) < QUICKLY) >= MOST_INTERRUPTIONS:
            message = f"The service was killed {MOST_INTERRUPTIONS} times in a row, soon after this job had started."
            problem = Problem(code="interrupted", message=message, fix=f"{RESUMES} The log tells more: {folder.log}")
            said = Ending(state="failed", error=problem)
        if said:
            store.finish(job.id, said)
        logger.warning("The interrupted job %s is %s", job.id, said.state if said else "queued again")


def _created(id: str) -> str | None:
    found = re.match(r"\d{8}-\d{6}", id)
    if not found:
        return None
    return datetime.strptime(found[0], "%Y%m%d-%H%M%S").strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _worked(job: Job, folder: JobFolder) -> float:
    """Seconds from the job's start to its last sign of life."""
    try:
        last = folder.events.stat().st_mtime
    except FileNotFoundError:
        return 0.0
    started = datetime.fromisoformat(job.started) if job.started else datetime.fromtimestamp(last, UTC)
    return last - started.timestamp()
