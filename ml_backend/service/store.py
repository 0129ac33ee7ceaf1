"""The jobs and their states, in SQLite: what was accepted is still there after a crash."""

import json
import sqlite3
from collections.abc import Collection
from pathlib import Path
from typing import Any

from ml_backend.errors import BackendError
from ml_backend.service.clock import now
from ml_backend.service.protocol import Job, Problem, Progress, State

SCHEMA = 1

TABLE = """
CREATE TABLE IF NOT EXISTS jobs (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    request TEXT NOT NULL,
    progress TEXT,
    result TEXT,
    error TEXT,
    log TEXT NOT NULL,
    created TEXT NOT NULL,
    started TEXT,
    ended TEXT
)
"""


class Store:
    """All calls come from one thread. Every change is on the disk when its call returns."""

    def __init__(self, path: Path) -> None:
        try:
            self._database = sqlite3.connect(path, isolation_level=None)
            self._database.row_factory = sqlite3.Row
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = FULL")
            version = self._database.execute("PRAGMA user_version").fetchone()[0]
            if version > SCHEMA:
                raise BackendError(f"The job store {path} was made by a newer version.", "Update ml-backend.")
            self._database.execute(TABLE)
            self._database.execute(f"PRAGMA user_version = {SCHEMA}")
        except sqlite3.DatabaseError as error:
            raise BackendError(
                f"The job store {path} cannot be opened: {error}.",
                "Move it and its -wal file away: jobs are forgotten then, what they made stays.",
            ) from error

    def close(self) -> None:
        self._database.close()

    def add(self, id: str, kind: str, request: dict[str, Any], log: Path) -> Job:
        """Append a job to the queue."""
        self._database.execute(
            "INSERT INTO jobs (id, kind, state, request, log, created) VALUES (?, ?, 'queued', ?, ?, ?)",
            (id, kind, json.dumps(request), str(log), now()),
        )
        job = self.get(id)
        assert job
        return job

    def get(self, id: str) -> Job | None:
        row = self._database.execute("SELECT * FROM jobs WHERE id = ?", (id,)).fetchone()
        return _job(row) if row else None

    def all(self) -> list[Job]:
        """All jobs, oldest first."""
        return [_job(row) for row in self._database.execute("SELECT * FROM jobs ORDER BY position")]

    def next_queued(self, kinds: Collection[str]) -> Job | None:
        """The job of one of `kinds` that waits longest."""
        marks = ",".join("?" * len(kinds))
        query = f"SELECT * FROM jobs WHERE state = 'queued' AND kind IN ({marks}) ORDER BY position LIMIT 1"
        row = self._database.execute(query, tuple(kinds)).fetchone()
        return _job(row) if row else None

    def count(self, state: State) -> int:
        row = self._database.execute("SELECT count(*) FROM jobs WHERE state = ?", (state,)).fetchone()
        return int(row[0])

    def begin(self, id: str) -> None:
        self._database.execute("UPDATE jobs SET state = 'running', started = ? WHERE id = ?", (now(), id))

    def queue_interrupted(self) -> int:
        """Queue again, at their old place, the jobs that ran when the service was killed; returns how many."""
        return self._database.execute("UPDATE jobs SET state = 'queued' WHERE state = 'running'").rowcount

    def finish(
        self,
        id: str,
        state: State,
        result: dict[str, Any] | None = None,
        error: Problem | None = None,
        progress: Progress | None = None,
    ) -> None:
        self._database.execute(
            "UPDATE jobs SET state = ?, result = ?, error = ?, progress = ?, ended = ? WHERE id = ?",
            (
                state,
                None if result is None else json.dumps(result),
                error and error.model_dump_json(),
                progress and progress.model_dump_json(),
                now(),
                id,
            ),
        )


def _job(row: sqlite3.Row) -> Job:
    content = dict(row)
    del content["position"]
    for column in ("request", "progress", "result", "error"):
        content[column] = None if content[column] is None else json.loads(content[column])
    return Job.model_validate(content)
