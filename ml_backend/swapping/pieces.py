"""A swap in pieces: several processes or machines, each with a range of the frames, write into one folder.

OUT/pieces/000001-000015.jsonl    the journal of a piece
OUT/pieces/000001-000015.lock     held as long as somebody makes it

Whoever joins them takes their lines into the folder's own journal and removes them.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
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
        yield PieceJournal(out, _journal_file(out, name), Journal(out))


def join(out: Path, journal: Journal) -> None:
    """Take what the pieces have made into the folder's journal, and remove them.

    Raises BackendError where somebody still makes one of them, also where no frame of it is finished yet; then all is
    left as it is.
    """
    left = (out / FOLDER).glob("*")  # a piece has a lock before it has a journal
    names = sorted({file.stem for file in left if file.suffix in (".lock", ".jsonl")})
    records, sizes = dict(journal.records), dict[str, int]()
    for name in names:
        with _kept_still(out, name):
            piece, sizes[name] = PieceJournal(out, _journal_file(out, name)), _size(out, name)
        for number in piece.redone:
            records.pop(number, None)
        records |= piece.own
        journal.files |= piece.files
    if any(sizes.values()):
        journal.replace(records)
    for name in names:
        with _kept_still(out, name):
            if _size(out, name) != sizes[name]:  # somebody went on with it: that is for the next one who joins
                continue
            _journal_file(out, name).unlink(missing_ok=True)
        with suppress(OSError):
            (out / FOLDER / f"{name}.lock").unlink()
    with suppress(OSError):
        (out / FOLDER).rmdir()


def _kept_still(out: Path, name: str) -> AbstractContextManager[None]:
    return hold(out / FOLDER / f"{name}.lock", f"Frames {name} are still being made: wait for that, or stop it.")


def _journal_file(out: Path, name: str) -> Path:
    return out / FOLDER / f"{name}.jsonl"


def _size(out: Path, name: str) -> int:
    file = _journal_file(out, name)
    return file.stat().st_size if file.exists() else 0


def not_made(out: Path, missing: Sequence[int]) -> BackendError:
    """What to say where frames are missing that the pieces should have made."""
    what = "1 frame" if len(missing) == 1 else f"{len(missing)} frames"
    return BackendError(
        f"{what} of the swap {out} are not made as this swap asks: {shown(missing)}.",
        f"Make them: the same swap with --step frames --frames {missing[0]}-{missing[-1]}; then join again.",
    )


def shown(numbers: Sequence[int]) -> str:
    """The first five."""
    return ", ".join(str(number) for number in numbers[:5]) + (" …" if len(numbers) > 5 else "")
