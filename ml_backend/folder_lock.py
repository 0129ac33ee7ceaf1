"""One process at a time in a folder."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ml_backend.errors import BackendError


@contextmanager
def hold(file: Path, fix: str, seconds: float = 0) -> Iterator[None]:
    """Keep other processes out as long as they ask for the same `file`; BackendError with `fix` where one is in.

    seconds: how long to wait for it to leave.

    The lock is one of SQLite on a file of its own: it works on every system and ends with the process.
    """
    try:
        connection = sqlite3.connect(file, timeout=seconds, isolation_level=None)
    except sqlite3.DatabaseError as error:
        raise BackendError(f"The lock {file} cannot be taken: {error}.", fix) from error
    with closing(connection):
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.DatabaseError as error:
            raise BackendError(f"The lock {file} cannot be taken: {error}.", fix) from error
        yield
