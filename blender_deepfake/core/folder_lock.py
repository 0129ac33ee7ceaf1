"""One process at a time in a folder."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from .errors import DeepfakeError

_WAIT_SECONDS = 0.5


@contextmanager
def hold(file: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Keep others out as long as they ask for the same `file`; `waiting` is called now and then while another is in.

    Raises DeepfakeError where the disk knows no locks. The lock is one of SQLite: it works on every system and ends
    with the process.
    """
    try:
        connection = sqlite3.connect(file, timeout=_WAIT_SECONDS, isolation_level=None)
    except sqlite3.DatabaseError as error:
        raise _no_lock(file, error) from error
    with closing(connection):
        while not _is_taken(connection, file):
            waiting()
        yield


def _is_taken(connection: sqlite3.Connection, file: Path) -> bool:
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise _no_lock(file, error) from error
        return False
    return True


def _no_lock(file: Path, error: sqlite3.DatabaseError) -> DeepfakeError:
    return DeepfakeError(f"The lock {file} cannot be taken: {error}.", f"Check that {file.parent} can be written.")
