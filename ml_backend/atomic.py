"""Files that appear whole or not at all: written beside their place, fsynced, renamed."""

import errno
import glob
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

_LETTERS = 60  # of 4 bytes each, and the rest, are 255 bytes, as long as a name may be
_NO_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.EBADF)
"""What file systems say that sync no folders, such as some of networks and of containers."""


def temporary(path: Path) -> Path:
    """A place beside `path` for what becomes `path` when it is whole; `leftovers` finds it after a crash."""
    return path.with_name(f".{path.name[:_LETTERS]}.{uuid4().hex[:8]}.part")


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows has no handle on a folder to sync; its rename is journalled
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise
    finally:
        os.close(handle)


def write_bytes(path: Path, data: bytes, mode: int = 0o666) -> None:
    """Write `data` to `path`; after a crash the file is the old one or the new one, never a part.

    Raises OSError that names the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = temporary(path)
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        error.filename = error.filename or str(path)  # what a handle raises, as on a full disk, names no file
        raise
    finally:
        part.unlink(missing_ok=True)


def write_json(path: Path, value: Any, mode: int = 0o666) -> None:
    """Write `value` as indented UTF-8 JSON, as `write_bytes` does."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    write_bytes(path, (text + "\n").encode(), mode)


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Yield the place of a temporary file to write; on success it becomes `path`, in the place of an older one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = temporary(path)
    try:
        yield part
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(path)
        _sync_folder(path.parent)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def new_folder(path: Path, replace: bool = False) -> Iterator[Path]:
    """Yield a temporary folder to fill; on success it becomes `path`, which must not exist yet unless `replace`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = temporary(path)
    part.mkdir()
    try:
        yield part
        for file in part.iterdir():
            with file.open("rb+") as handle:
                os.fsync(handle.fileno())
        _sync_folder(part)
        old = temporary(path)
        if replace and path.exists():
            path.rename(old)
        part.rename(path)
        _sync_folder(path.parent)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def remove_folder(path: Path) -> None:
    """Delete a folder, which is whole or gone even after a crash; `remove_leftovers` deletes what one leaves."""
    part = temporary(path)
    path.rename(part)
    shutil.rmtree(part)


def remove_leftovers(folder: Path) -> None:
    """Delete the temporary files and folders that a killed process left in `folder`."""
    remove_parts(leftovers(folder))


def leftovers(folder: Path, name: str | None = None) -> list[Path]:
    """The temporary files and folders in `folder`, also those that somebody still writes.

    name: only those of what is to be called so, or begins with the same 60 letters.
    """
    return list(folder.glob(".*.part" if name is None else f".{glob.escape(name[:_LETTERS])}.????????.part"))


def remove_parts(parts: Iterable[Path]) -> None:
    """Delete temporary files and folders; what is gone meanwhile is fine."""
    for part in parts:
        if part.is_dir():
            shutil.rmtree(part, ignore_errors=True)
        else:
            part.unlink(missing_ok=True)
