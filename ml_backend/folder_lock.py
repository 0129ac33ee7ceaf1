"""One process at a time in a folder."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock

from ml_backend.errors import BackendError

_MAKING = Lock()
"""Whoever closes a file gives up all locks of this process on it, also those that another thread has just taken."""


@contextmanager
def hold(file: Path, fix: str, seconds: float = 0) -> Iterator[None]:
    """Keep other processes out as long as they ask for the same `file`; BackendError with `fix` where one is in.

    seconds: how long to wait for it to leave.

    The lock is one of SQLite on a file of its own: it works on every system and ends with the process. Who may not
    write the file would share the lock with others who may not, so that is an error too; the umask decides who may.
    """
    try:
        _make(file)
        connection = sqlite3.connect(file, timeout=seconds, isolation_level=None)
    except OSError as error:
        raise _cannot_be_made(file, error.strerror or str(error)) from error
    except sqlite3.DatabaseError as error:
        raise _cannot_be_made(file, str(error)) from error
    with closing(connection):
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
                raise BackendError(f"The lock {file} cannot be taken: {error}.", fix) from error
            raise _cannot_be_made(file, str(error)) from error
        yield


def _make(file: Path) -> None:
    """The file, as the umask has it: SQLite itself would keep everybody else from writing it."""
    with _MAKING:
        if not file.exists():
            os.close(os.open(file, os.O_WRONLY | os.O_CREAT, 0o666))
    if not os.access(file, os.R_OK | os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        raise BackendError(
            f"The lock {file} is another user's, or its disk is read-only.",
            f"Let those who work here write it: chmod g+rw {file}; with umask 002 it is made that way.",
        )


def _cannot_be_made(file: Path, what: str) -> BackendError:
    return BackendError(f"The lock {file} cannot be written: {what}.", "Make room or mend the permissions there.")
