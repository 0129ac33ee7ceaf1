"""One training at a time in a model's folder, and nobody who moves its checkpoints meanwhile."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ml_backend import atomic
from ml_backend.errors import BackendError, UsageError
from ml_backend.folder_lock import hold

from .checkpoints import list_checkpoints
from .portraits import FOLDER as PORTRAITS_FOLDER

LOCK = "lock.sqlite"


@contextmanager
def alone(model: Path, before: Sequence[Path]) -> Iterator[None]:
    """The model's folder for this training alone, free of what a killed one left.

    before: the checkpoints that were seen. Raises BackendError where another training is in, or where the checkpoints
    are others since then; UsageError where the folder cannot be made.
    """
    _make_folder(model / "checkpoints")
    fix = "If another training of this model runs, wait for it or stop it, or train into another folder."
    with hold(model / LOCK, fix):
        if list_checkpoints(model) != before:
            raise BackendError(
                f"Another training of {model}, or a rollback, ended in the meantime.", "Run the same command again."
            )
        for folder in (".", "checkpoints", "previews", PORTRAITS_FOLDER):
            atomic.remove_leftovers(model / folder)
        yield


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be made: {error.strerror}.", "Choose a model folder that can be written."
        ) from error
