"""The folder that a swap writes into: it holds one swap, and nothing that no swap has made."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ml_backend import atomic
from ml_backend.errors import UsageError
from ml_backend.folder_lock import hold
from ml_backend.progress import Reporter

from . import pieces
from .journal import Journal
from .manifest import MANIFEST
from .swap_job import Run, SwapJob


@contextmanager
def open_folder(job: SwapJob) -> Iterator[Journal]:
    """The folder's journal, for one process at a time, with what the pieces of a swap have left.

    Raises UsageError for a folder that cannot be, or with pictures that no swap has made; BackendError where another
    process swaps into it or makes a piece, whose files are left alone.
    """
    out = job.request.out
    _make(out)
    with hold(out / "lock.sqlite", "If another swap into this folder runs, wait for it, or choose another."):
        left = [part for folder in (out, out / "cache") for part in atomic.leftovers(folder)]
        journal = Journal(out)
        pieces.join(out, journal)
        atomic.remove_parts(left)  # nobody made a piece since they were seen: whoever wrote them is dead
        _refuse_foreign(job, journal)
        (out / Journal.FILE).touch()
        yield journal


def _make(out: Path) -> None:
    for mark, what in (("faceset.json", "a faceset"), ("checkpoints", "a model")):
        if (out / mark).exists():
            raise UsageError(f"{out} is {what}.", "Write the swap into a folder of its own.")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{out} cannot be made: {error.strerror}.", "Choose a folder that can be written.") from error


def _refuse_foreign(job: SwapJob, journal: Journal) -> None:
    """Pictures in the folder that no swap has made are not written over, nor those of one frame by another's."""
    out, owners = job.request.out, {record.file: number for number, record in journal.records.items()}
    for number in sorted(set(job.source.numbers) | journal.records.keys()):
        file = job.how.file(number)
        owner = owners.get(file, number)
        if owner == number and (file in journal.files or not (out / file).exists()):
            continue
        taken = f"{out / file} is there already, and no swap has made it."
        if owner != number:
            taken = f"{out / file}, which would be frame {number}, is the picture of frame {owner}."
        raise UsageError(taken, "Write the swap into an empty folder, or choose other names for its files.")


def others_of(job: SwapJob, journal: Journal) -> list[Run]:
    """The frames beside the chosen ones that another swap has made, of other settings, or of a plate that changed."""
    chosen, shared = set(job.source.numbers), job.shared()
    return job.runs_of(n for n, record in journal.records.items() if n not in chosen and record.swap != shared)


def remove_others(job: SwapJob, journal: Journal, inputs: Mapping[int, str], reporter: Reporter) -> None:
    """Take away what comes out otherwise beside the chosen frames: a folder holds one swap, of one person.

    inputs: the hash of what decides the pixels of the frames that another swap has made, in this one.
    """
    out, chosen, shared = job.request.out, set(job.source.numbers), job.shared()
    others = [n for n, record in journal.records.items() if n not in chosen and record.swap != shared]
    stale = [n for n in others if journal.records[n].inputs != inputs.get(n)]
    if stale:
        (out / MANIFEST).unlink(missing_ok=True)
        journal.remove(stale)
        what = f"{len(stale)} frame{'s' if len(stale) > 1 else ''} ({min(stale)} to {max(stale)})"
        reporter.message(f"Removed from {out} what this swap makes otherwise and was not asked for: {what}.")
    journal.adopt(set(others) - set(stale), shared)
