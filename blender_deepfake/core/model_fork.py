"""Copies a model to a new name, so that two trainings can go on from the same point."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from .errors import CancelledError, DeepfakeError, UsageError
from .model_folders import CURVES, list_checkpoints

PORTRAITS = "portraits"  # pictures of the identities, which give swaps their detail
_BESIDE = 64 * 2**20  # bytes that are left free


def fork(model: Path, copy: Path, should_stop: Callable[[], bool] = lambda: False) -> int:
    """Copy the newest checkpoint of `model`, its curves and its previews to the new folder `copy`.

    Whole or not at all, also while `model` is trained: a checkpoint never changes once it is there. Returns the
    iteration. Raises UsageError where there is nothing to copy or `copy` exists, DeepfakeError where the disk fails.
    """
    if copy.exists():
        raise UsageError(f"There is something at {copy} already.", "Give the copy another name.")
    checkpoints = list_checkpoints(model)
    if not checkpoints:
        raise UsageError(f"{model} holds no trained model.", "Train it first.")
    newest = checkpoints[0]
    part = copy.with_name(f".{copy.name[:80]}.{uuid4().hex[:8]}.part")
    try:
        copy.parent.mkdir(parents=True, exist_ok=True)
        _need_room(newest.folder, copy.parent)
        part.mkdir()
        _copy_folder(newest.folder, part / "checkpoints" / newest.folder.name, should_stop)
        for file in sorted((model / PORTRAITS).glob("[!.]*.safetensors")):
            _stop(should_stop)
            _copy_file(file, part / PORTRAITS / file.name)
        if (model / CURVES).is_file():
            _copy_file(model / CURVES, part / CURVES)
        for file in sorted((model / "previews").glob("*.png")):
            if file.stem.isdigit() and int(file.stem) <= newest.iteration:
                _stop(should_stop)
                _copy_file(file, part / "previews" / file.name)
        part.rename(copy)
    except OSError as error:
        raise DeepfakeError(
            f"{model} cannot be copied to {copy}: {error.strerror or error}.", "Look at the disk, and try again."
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return newest.iteration


def free_name(model: Path) -> str:
    """ "anna_2" for "anna", where that is free beside it."""
    stem, dash, number = model.name.rpartition("_")
    base = stem if dash and number.isdigit() else model.name
    following = 2
    while (model.parent / f"{base}_{following}").exists():
        following += 1
    return f"{base}_{following}"


def _need_room(folder: Path, parent: Path) -> None:
    size = sum(file.stat().st_size for file in folder.iterdir())
    free = shutil.disk_usage(parent).free
    if free < size + _BESIDE:
        raise DeepfakeError(
            f"The copy takes {size / 2**20:.0f} MB, and {parent} has {free / 2**20:.0f} MB left.", "Make room first."
        )


def _copy_folder(source: Path, target: Path, should_stop: Callable[[], bool]) -> None:
    for file in sorted(source.iterdir()):
        _stop(should_stop)
        _copy_file(file, target / file.name)


def _copy_file(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    with target.open("r+b") as file:
        os.fsync(file.fileno())


def _stop(should_stop: Callable[[], bool]) -> None:
    if should_stop():
        raise CancelledError("The copy was cancelled.")
