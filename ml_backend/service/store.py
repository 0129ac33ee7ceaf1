"""The jobs and their states, in SQLite: what was accepted is still there after a crash."""

import contextlib
import json
import logging
import sqlite3
import time
from collections.abc import Collection, Iterator
from pathlib import Path

from ml_backend.errors import BackendError
from ml_backend.service.clock import now
from ml_backend.service.protocol import Ending, Job, NewJob, Progress, State

logger = logging.getLogger(__name__)

SCHEMA = 2

TABLE = """
CREATE TABLE IF NOT EXISTS jobs (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    key TEXT UNIQUE,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    rank REAL NOT NULL,
    request TEXT NOT NULL,
    progress TEXT,
    result TEXT,
    error TEXT,
    log TEXT NOT NULL,
    created TEXT NOT NULL,
    started TEXT,
    ended TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    interruptions INTEGER NOT NULL DEFAULT 0,
    seconds REAL NOT NULL DEFAULT 0,
    device TEXT
)
"""
COLUMNS_1 = "id, kind, state, request, progress, result, error, log, created, started, ended"
COLUMNS = f"{COLUMNS_1}, attempts, seconds, device"


def open_store(path: Path) -> "Store":
    """Open or make the store at `path`.

    A damaged one is set aside as NAME.damaged-TIME and an empty one takes its place, to be filled from the jobs'
    folders. BackendError where it was made by a newer version or the file cannot be used at all.
    """
    try:
        return Store(path)
    except sqlite3.DatabaseError as error:
        if not _damaged(error):
            raise _unusable(path, error) from error
        damage = error
    aside = path.with_name(f"{path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}")
    path.rename(aside)
    for companion in ("-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + companion).rename(aside.with_name(aside.name + companion))
    logger.error("The job store was damaged (%s). It is now %s, and a new one is filled from the jobs.", damage, aside)
    try:
        return Store(path)
    except sqlite3.DatabaseError as error:
        raise _unusable(path, error) from error


def _damaged(error: sqlite3.DatabaseError) -> bool:
    """Is it the file's content, and not the disk or its permissions? Our own finding of damage has no code."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
    damages = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
    return code & 0xFF in damages or code == sqlite3.SQLITE_IOERR_SHORT_READ


def _unusable(path: Path, error: sqlite3.DatabaseError) -> BackendError:
    fix = f"See to it that {path.parent} may be written and that its disk has some space."
    return BackendError(f"The job store {path} cannot be opened: {error}.", fix)


class Store:
    """All calls come from one thread. Every change is on the disk when its call returns."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, isolation_level=None)
        try:
            self._prepare(path)
        except BaseException:
            self._database.close()
            raise

    def _prepare(self, path: Path) -> None:
        self._database.row_factory = sqlite3.Row
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        version = self._database.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA:
            raise BackendError(f"The job store {path} was made by a newer version.", "Update ml-backend.")
        report = self._database.execute("PRAGMA quick_check(1)").fetchone()[0]
        if report != "ok":
            raise sqlite3.DatabaseError(report)
        with self._database:
            if version == 1:
                self._database.execute("ALTER TABLE jobs RENAME TO jobs_1")
            self._database.execute(TABLE)
            if version == 1:
                self._database.execute(
                    f"INSERT INTO jobs (position, rank, {COLUMNS_1}) SELECT position, position, {COLUMNS_1} FROM jobs_1"
                )
                self._database.execute("DROP TABLE jobs_1")
            self._database.execute(f"PRAGMA user_version = {SCHEMA}")

    def close(self) -> None:
        self._database.close()

    def add(self, id: str, new: NewJob, log: Path, created: str | None = None) -> None:
        """Append a job to the queue; `created` is now where it is not given."""
        self._database.execute(
            "INSERT INTO jobs (id, key, kind, state, rank, request, log, created)"
            " VALUES (?, ?, ?, 'queued', (SELECT coalesce(max(rank), 0) + 1 FROM jobs), ?, ?, ?)",
            (id, new.key, new.kind, json.dumps(new.request), str(log), created or now()),
        )

    def get(self, id: str) -> Job | None:
        row = self._database.execute(f"SELECT {COLUMNS} FROM jobs WHERE id = ?", (id,)).fetchone()
        return _job(row) if row else None

    def by_key(self, key: str) -> str | None:
        """The id of the job that was sent with `key`."""
        row = self._database.execute("SELECT id FROM jobs WHERE key = ?", (key,)).fetchone()
        return row and str(row["id"])

    def sent(self, id: str) -> NewJob | None:
        """The job as it was sent."""
        row = self._database.execute("SELECT kind, request, key FROM jobs WHERE id = ?", (id,)).fetchone()
        return row and NewJob(kind=row["kind"], request=json.loads(row["request"]), key=row["key"])

    def state(self, id: str) -> str | None:
        row = self._database.execute("SELECT state FROM jobs WHERE id = ?", (id,)).fetchone()
        return row and str(row["state"])

    def all(self) -> list[Job]:
        """All jobs, oldest first."""
        return [_job(row) for row in self._database.execute(f"SELECT {COLUMNS} FROM jobs ORDER BY position")]

    def queue(self, kinds: Collection[str]) -> Iterator[Job]:
        """The queued jobs of `kinds`, the next one first."""
        marks = ",".join("?" * len(kinds))
        query = f"SELECT {COLUMNS} FROM jobs WHERE state = 'queued' AND kind IN ({marks}) ORDER BY rank, position"
        for row in self._database.execute(query, tuple(kinds)).fetchall():
            yield _job(row)

    def count(self, state: State) -> int:
        row = self._database.execute("SELECT count(*) FROM jobs WHERE state = ?", (state,)).fetchone()
        return int(row[0])

    def begin(self, id: str, device: str | None) -> None:
        self._database.execute(
            "UPDATE jobs SET state = 'running', started = ?, ended = NULL, attempts = attempts + 1, device = ?,"
            " result = NULL, error = NULL WHERE id = ?",
            (now(), device, id),
        )

    def enqueue(self, id: str) -> None:
        """Put a job that does not run at the end of the queue."""
        self._database.execute(
            "UPDATE jobs SET state = 'queued', ended = NULL, result = NULL, error = NULL, interruptions = 0,"
            " rank = (SELECT coalesce(max(rank), 0) + 1 FROM jobs) WHERE id = ?",
            (id,),
        )

    def interrupted(self, id: str, quickly: bool) -> int:
        """Queue a job at its old place, since its service was killed; returns how often in a row that came quickly."""
        change = "interruptions + 1" if quickly else "0"
        self._database.execute(f"UPDATE jobs SET state = 'queued', interruptions = {change} WHERE id = ?", (id,))
        row = self._database.execute("SELECT interruptions FROM jobs WHERE id = ?", (id,)).fetchone()
        return int(row[0])

    def move(self, id: str, before: str | None) -> None:
        """Let a queued job run before another queued one, or last."""
        others = "SELECT id FROM jobs WHERE state = 'queued' AND id != ? ORDER BY rank, position"
        ids = [str(row[0]) for row in self._database.execute(others, (id,)).fetchall()]
        ids.insert(len(ids) if before is None else ids.index(before), id)
        first = self._database.execute("SELECT coalesce(min(rank), 0) FROM jobs").fetchone()[0]
        self._database.execute("BEGIN IMMEDIATE")
        with self._database:
            ranks = [(first + number, job) for number, job in enumerate(ids)]
            self._database.executemany("UPDATE jobs SET rank = ? WHERE id = ?", ranks)

    def remove(self, id: str) -> None:
        self._database.execute("DELETE FROM jobs WHERE id = ?", (id,))

    def finish(
        self,
        id: str,
        ending: Ending,
        progress: Progress | None = None,
        seconds: float = 0.0,
    ) -> None:
        """Store how a run ended. `seconds` is how long it took."""
        self._database.execute(
            "UPDATE jobs SET state = ?, result = ?, error = ?, progress = ?, ended = ?, interruptions = 0,"
            " seconds = seconds + ? WHERE id = ?",
            (
                ending.state,
                None if ending.result is None else json.dumps(ending.result),
                ending.error and ending.error.model_dump_json(),
                progress and progress.model_dump_json(),
                now(),
                seconds,
                id,
            ),
        )


def _job(row: sqlite3.Row) -> Job:
    content = dict(row)
    for column in ("request", "progress", "result", "error"):
        content[column] = None if content[column] is None else json.loads(content[column])
    return Job.model_validate(content)
