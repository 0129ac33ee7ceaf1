"""Keeps the jobs' folders small: old logs and previews go first. What jobs made lies elsewhere and is not touched."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

from ml_backend.service.job.folder import JobFolder

logger = logging.getLogger(__name__)

LOG_BYTES = 8 << 20
RECENT_PREVIEWS = 10
DEFAULT_KEEP_MB = 1000


def clean(jobs: Path, ended: Sequence[str], running: Sequence[str], keep_bytes: int) -> None:
    """Delete until all jobs' folders together hold `keep_bytes` at most, or nothing more may go.

    `ended` are the ids of jobs that have ended, those that ended first to begin with. First go their previews, then
    their logs and events, then all but the last ten previews of the running ones. A running job's log that grew too
    long keeps its latest 8 to 16 MiB.
    """
    for id in running:
        _shorten_log(JobFolder(jobs / id))
    excess = sum(file.stat().st_size for file in _files(jobs)) - keep_bytes
    for file in _expendable(jobs, ended, running):
        if excess <= 0:
            return
        try:
            size = file.stat().st_size
            file.unlink()
        except OSError as error:  # gone by itself, or open in somebody's viewer on Windows
            logger.info("%s was not cleaned up: %s", file, error)
            continue
        excess -= size


def _expendable(jobs: Path, ended: Sequence[str], running: Sequence[str]) -> Iterator[Path]:
    folders = [JobFolder(jobs / id) for id in ended]
    for folder in folders:
        yield from _previews(folder)
    for folder in folders:
        yield from (file for file in (folder.older_log, folder.log, folder.events) if file.exists())
    for id in running:
        yield from _previews(JobFolder(jobs / id))[:-RECENT_PREVIEWS]


def _previews(folder: JobFolder) -> list[Path]:
    """Oldest first: their names are rising numbers of one length."""
    return sorted(folder.previews.glob("[!.]*")) if folder.previews.is_dir() else []


def _files(jobs: Path) -> Iterator[Path]:
    return (file for file in jobs.rglob("*") if file.is_file())


def _shorten_log(folder: JobFolder) -> None:
    """Move a long log aside and go on with an empty one; the process appends, so its next line starts the new one."""
    try:
        if folder.log.stat().st_size <= LOG_BYTES:
            return
        content = folder.log.read_bytes()[-LOG_BYTES:]
        folder.older_log.write_bytes(content)
        with folder.log.open("rb+") as log:
            log.truncate(0)
    except FileNotFoundError:  # it has not started yet
        return
    except OSError as error:
        logger.info("%s was not shortened: %s", folder.log, error)
