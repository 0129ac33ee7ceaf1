"""Back to an older checkpoint. What came after it is set aside, not deleted.

MODEL/set_aside/1/checkpoints/00002000/   what lay in MODEL/checkpoints
                  previews/00002000.png   what lay in MODEL/previews
                  curves.jsonl            a copy of the curves as they were
"""

import os
from pathlib import Path

from ml_backend import atomic
from ml_backend.errors import BackendError, UsageError
from ml_backend.training.curves.curve_file import CURVES

from .checkpoints import list_checkpoints

SET_ASIDE = "set_aside"


def rollback(model: Path, iteration: int) -> list[Path]:
    """Make the checkpoint of `iteration` the newest, so that training goes on from there and swaps use it.

    Returns where the newer checkpoints lie now, newest first; none where it is the newest already. Killed half way,
    it has moved the newest ones only, and the same call goes on. Training drops the newer lines of curves.jsonl when
    it goes on. Whoever calls this holds the model's lock, so that no training runs beside. Raises UsageError where
    there is no such checkpoint, BackendError where a folder cannot be moved.
    """
    folders = list_checkpoints(model)
    known = [int(folder.name) for folder in folders]
    if iteration not in known:
        shown = ", ".join(map(str, known)) or "none"
        raise UsageError(f"{model} has no checkpoint of iteration {iteration}.", f"It has: {shown}.")
    newer = [folder for folder in reversed(folders) if int(folder.name) > iteration]
    if not newer:
        return []
    pictures = [file for file in _pictures(model) if int(file.stem) > iteration]
    place = _free(model / SET_ASIDE)
    try:
        if (model / CURVES).exists():
            atomic.write_bytes(place / CURVES, (model / CURVES).read_bytes())
        moved = [_move(folder, place / "checkpoints") for folder in newer]
        for file in pictures:
            _move(file, place / "previews")
    except OSError as error:
        raise BackendError(
            f"{error.filename} cannot be moved to {place}: {error.strerror}.",
            "End the training or the program that uses it, and run the same again.",
        ) from error
    return moved


def _pictures(model: Path) -> list[Path]:
    return [file for file in (model / "previews").glob("*.png") if file.stem.isdigit()]


def _free(parent: Path) -> Path:
    numbers = [int(folder.name) for folder in parent.glob("*") if folder.name.isdigit()]
    return parent / str(max(numbers, default=0) + 1)


def _move(old: Path, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    new = folder / old.name
    os.rename(old, new)  # noqa: PTH104  (its error names the file)
    return new
