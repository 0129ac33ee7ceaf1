"""The folder that a swap writes into: it holds one swap, and nothing that no swap has made."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ml_backend import atomic
from ml_backend.errors import UsageError
from ml_backend.folder_lock import hold
from ml_backend.progress import Reporter

from . import pieces
from .journal import Journal
from .manifest import MANIFEST
from .swap_job import SwapJob


@contextmanager
def open_folder(job: SwapJob, reporter: Reporter) -> Iterator[Journal]:
    """The folder's journal, for one process at a time, with what the pieces of a swap have left.

    Raises UsageError for a folder that cannot be, or with pictures that no swap has made; BackendError where another
    process swaps into it.
    """
    out = job.request.out
    _make(out)
    with hold(out / "lock.sqlite", "If another swap into this folder runs, wait for it, or choose another."):
        for folder in (out, out / "cache"):
            atomic.remove_leftovers(folder)
        _refuse_foreign(job)
        journal = Journal(out)
        pieces.join(out, journal)
        _remove_others(job, journal, reporter)
        yield journal


def _make(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{out} cannot be made: {error.strerror}.", "Choose a folder that can be written.") from error


def _refuse_foreign(job: SwapJob) -> None:
    """Pictures in the folder that no swap has made are not written over."""
    out = job.request.out
    journal = out / Journal.FILE
    if not journal.exists():
        taken = next((file for n in job.source.numbers if (file := out / job.how.file(n)).exists()), None)
        if taken is not None:
            raise UsageError(
                f"{taken} is there already, and no swap has made it.", "Write the swap into an empty folder."
            )
        journal.touch()


def _remove_others(job: SwapJob, journal: Journal, reporter: Reporter) -> None:
    """Take away what another swap left beside the chosen frames: a folder holds one swap, of one person."""
    out, chosen, shared = job.request.out, set(job.source.numbers), job.shared()
    others = [n for n, record in journal.records.items() if n not in chosen and record.swap != shared]
    for number in others:
        (out / journal.records[number].file).unlink(missing_ok=True)
    journal.forget(others)
    if others:
        (out / MANIFEST).unlink(missing_ok=True)
        reporter.message(
            f"{len(others)} frames of another swap ({min(others)} to {max(others)}) were removed from {out}."
        )
