"""A swap in pieces: several processes or machines, each with a range of the frames, write into one folder.

OUT/pieces/000001-000015.jsonl    the journal of a piece
OUT/pieces/000001-000015.lock     held as long as somebody makes it

Whoever joins them takes their lines into the folder's own journal and removes them.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ml_backend.errors import BackendError, UsageError
from ml_backend.folder_lock import hold

from .journal import Journal, PieceJournal

FOLDER = "pieces"


@contextmanager
def open_piece(out: Path, numbers: Sequence[int]) -> Iterator[PieceJournal]:
    """The journal of the piece with these frames, for one process at a time.

    Raises UsageError where `out` is not prepared by the step before, BackendError where somebody makes the piece.
    """
    if not (out / Journal.FILE).is_file():
        raise UsageError(f"{out} is not prepared: it has no {Journal.FILE}.", "Run the same swap with --step faces.")
    (out / FOLDER).mkdir(exist_ok=True)
    name = f"{numbers[0]:06d}-{numbers[-1]:06d}"
    fix = f"If another process makes the frames {numbers[0]}-{numbers[-1]}, wait for it."
    with hold(out / FOLDER / f"{name}.lock", fix):
        yield PieceJournal(out, out / FOLDER / f"{name}.jsonl", Journal(out))


def join(out: Path, journal: Journal) -> None:
    """Take what the pieces have made into the folder's journal, and remove them.

    Raises BackendError where somebody still makes one of them.
    """
    files = sorted((out / FOLDER).glob("*.jsonl"))
    for file in files:
        with hold(file.with_suffix(".lock"), f"Frames {file.stem} are still being made: wait for that, or stop it."):
            piece = PieceJournal(out, file)
        kept = {n: record for n, record in journal.records.items() if n not in piece.redone}
        journal.replace(kept | piece.own)
    for file in files:
        file.unlink()
    if (out / FOLDER).is_dir():
        for left in (out / FOLDER).iterdir():
            left.unlink()
        (out / FOLDER).rmdir()


def not_made(out: Path, missing: Sequence[int]) -> BackendError:
    """What to say where frames are missing that the pieces should have made."""
    first = ", ".join(str(number) for number in missing[:5]) + (" …" if len(missing) > 5 else "")
    what = "1 frame" if len(missing) == 1 else f"{len(missing)} frames"
    return BackendError(
        f"{what} of the swap {out} are not made as this swap asks: {first}.",
        f"Make them: the same swap with --step frames --frames {missing[0]}-{missing[-1]}; then join again.",
    )
