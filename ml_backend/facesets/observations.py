"""What the tracker saw in footage, kept in one SQLite file: found once, understood as often as needed.

It grows in transactions together with the tracker's state, so that a kill costs a moment of work and no more.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml_backend.errors import BackendError, UsageError
from ml_backend.faces.followed import TrackerState
from ml_backend.faces.linking import Tracklet
from ml_backend.faces.observation import Observation
from ml_backend.faces.regions import eye_distance
from ml_backend.faces.roi import Roi, roi_of_landmarks, upright

_SCHEMA = """
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS source (
  id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, last_frame INTEGER, tracker TEXT);
CREATE TABLE IF NOT EXISTS frame (
  source INTEGER NOT NULL REFERENCES source(id), number INTEGER NOT NULL, shot INTEGER NOT NULL,
  PRIMARY KEY (source, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS observation (
  source INTEGER NOT NULL REFERENCES source(id), number INTEGER NOT NULL, tracklet INTEGER NOT NULL,
  score REAL NOT NULL, eyes REAL NOT NULL, x0 REAL NOT NULL, y0 REAL NOT NULL, x1 REAL NOT NULL, y1 REAL NOT NULL,
  landmarks BLOB NOT NULL, embedding BLOB);
CREATE UNIQUE INDEX IF NOT EXISTS place ON observation (source, number, tracklet);
CREATE INDEX IF NOT EXISTS course ON observation (source, tracklet, number);
CREATE TABLE IF NOT EXISTS stretched (source INTEGER PRIMARY KEY, across REAL NOT NULL, down REAL NOT NULL);
"""


@dataclass(frozen=True)
class Course:
    """Where a tracklet went: frames N ascending, boxes N×4 (x0, y0, x1, y1), eye distances N, embeddings K×128."""

    tracklet: Tracklet
    frames: NDArray[np.int64]
    boxes: NDArray[np.float64]
    eyes: NDArray[np.float64]
    embeddings: NDArray[np.float32]


@dataclass(frozen=True)
class Seen:
    """One observation as it was stored."""

    frame: int
    tracklet: int
    score: float
    landmarks: NDArray[np.float64]


class Observations:
    """The open file; make one with `open`."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection

    @classmethod
    @contextmanager
    def open(cls, path: Path, settings: dict[str, Any]) -> Iterator["Observations"]:
        """Open the file or make it. `settings` decide what is seen, such as the landmark model.

        Raises UsageError where the file was made with other settings, BackendError where it is damaged, also for
        whatever is done with it inside of the `with`.
        """
        try:
            with closing(sqlite3.connect(path, timeout=30)) as connection:
                connection.execute("PRAGMA synchronous = FULL")
                with connection:
                    connection.executescript(_SCHEMA)
                    known = connection.execute("SELECT value FROM setting WHERE name = 'measured'").fetchone()
                    text = json.dumps(settings, sort_keys=True)
                    if known is None:
                        connection.execute("INSERT INTO setting VALUES ('measured', ?)", (text,))
                    elif known[0] != text:
                        raise UsageError(
                            f"The faces of {path.parent} were measured with {known[0]} and not with {text}.",
                            "Use the same settings, or choose a new folder.",
                        )
                yield cls(path, connection)
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            raise _damaged(path, error) from error

    @classmethod
    def settings(cls, path: Path) -> dict[str, Any]:
        """The settings with which a file was made; none where there is no file. Raises BackendError for damage."""
        if not path.exists():
            return {}
        try:
            with closing(sqlite3.connect(path, timeout=30)) as connection:
                (text,) = connection.execute("SELECT value FROM setting WHERE name = 'measured'").fetchone()
                settings: dict[str, Any] = json.loads(text)
                return settings
        except (sqlite3.DatabaseError, TypeError, ValueError) as error:
            raise _damaged(path, error) from error

    @classmethod
    @contextmanager
    def open_finished(cls, path: Path) -> Iterator["Observations"]:
        """Open a file that nobody writes any more, to read it: by any number of machines at once, without a lock.

        Raises BackendError where it is damaged or missing, also for whatever is done with it inside of the `with`.
        """
        try:
            with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
                yield cls(path, connection)
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            raise _damaged(path, error) from error

    def most_seen(self) -> int | None:
        """The number of the source of which most frames were looked at; None where there are none."""
        query = "SELECT source FROM frame GROUP BY source ORDER BY COUNT(*) DESC LIMIT 1"
        found = self._connection.execute(query).fetchone()
        return int(found[0]) if found else None

    def source(self, path: Path, stretched: tuple[float, float] | None = None) -> int:
        """The number of a source, which is known by its resolved path.

        stretched: how much wider and higher than stored its pictures are looked at; what was seen in others is
        forgotten.
        """
        with self._connection as connection:
            connection.execute("INSERT OR IGNORE INTO source (path) VALUES (?)", (str(path.resolve()),))
            query = "SELECT id FROM source WHERE path = ?"
            number = int(connection.execute(query, (str(path.resolve()),)).fetchone()[0])
            if stretched is not None and stretched != self._stretched(number):
                for table in ("observation", "frame"):
                    connection.execute(f"DELETE FROM {table} WHERE source = ?", (number,))
                connection.execute("UPDATE source SET last_frame = NULL, tracker = NULL WHERE id = ?", (number,))
                connection.execute("INSERT OR REPLACE INTO stretched VALUES (?, ?, ?)", (number, *stretched))
        return number

    def _stretched(self, source: int) -> tuple[float, float]:
        query = "SELECT across, down FROM stretched WHERE source = ?"
        across, down = self._connection.execute(query, (source,)).fetchone() or (1.0, 1.0)
        return float(across), float(down)

    def frames(self, source: int) -> list[int]:
        """The numbers of the frames that were looked at, ascending."""
        query = "SELECT number FROM frame WHERE source = ? ORDER BY number"
        return [number for (number,) in self._connection.execute(query, (source,))]

    def state(self, source: int, first: int) -> TrackerState:
        """The tracker's state in which to begin at frame `first`: that of the frame before, where it ended there.

        Otherwise the faces must not go on with the tracklets and shots of frames that were seen apart from these.
        """
        query = "SELECT last_frame, tracker FROM source WHERE id = ?"
        last, state = self._connection.execute(query, (source,)).fetchone()
        if last is not None and last + 1 == first:
            try:
                return TrackerState.from_json(json.loads(state))
            except (ValueError, TypeError, KeyError) as error:
                raise _damaged(self.path, error) from error
        query = "SELECT COALESCE(MAX(tracklet) + 1, 0) FROM observation WHERE source = ?"
        (tracklet,) = self._connection.execute(query, (source,)).fetchone()
        query = "SELECT COALESCE(MAX(shot) + 1, 0) FROM frame WHERE source = ?"
        (shot,) = self._connection.execute(query, (source,)).fetchone()
        return TrackerState(next_tracklet=int(tracklet), shot=int(shot))

    def add(
        self,
        source: int,
        seen: Sequence[tuple[int, int, Sequence[Observation]]],
        state: TrackerState,
        earlier: Sequence[tuple[int, Observation]] = (),
    ) -> None:
        """Enter frames (number, shot, observations) and the tracker's state after the last of them.

        earlier: what was seen besides in these frames and in those before, by frame number.
        """
        if not seen:
            return
        rows = [_row(source, number, one) for number, _, observations in seen for one in observations]
        rows += [_row(source, number, one) for number, one in earlier]
        with self._connection as connection:
            connection.executemany(
                "INSERT INTO frame VALUES (?, ?, ?)", [(source, number, shot) for number, shot, _ in seen]
            )
            connection.executemany(f"INSERT INTO observation VALUES ({', '.join('?' * 11)})", rows)
            connection.execute(
                "UPDATE source SET last_frame = ?, tracker = ? WHERE id = ?",
                (seen[-1][0], json.dumps(state.to_json()), source),
            )

    def places(self, source: int, first: int, last: int) -> dict[int, tuple[int, list[Roi]]]:
        """The shot of the frames from `first` to `last` that were looked at, and the squares of the faces there."""
        shots = self.shots(source, first, last)
        found: dict[int, tuple[int, list[Roi]]] = {number: (shot, []) for number, shot in shots.items()}
        query = "SELECT number, x0, y0, x1, y1 FROM observation WHERE source = ? AND number BETWEEN ? AND ?"
        for number, *box in self._connection.execute(query, (source, first, last)):
            found[number][1].append(upright(np.array(box).reshape(2, 2)))
        return found

    def shots(self, source: int, first: int, last: int) -> dict[int, int]:
        """The shot of each frame from `first` to `last` that was looked at."""
        query = "SELECT number, shot FROM frame WHERE source = ? AND number BETWEEN ? AND ?"
        return dict(self._connection.execute(query, (source, first, last)).fetchall())

    def courses(self, source: int) -> list[Course]:
        """The tracklets of a source, without their landmarks: some 50 bytes a face."""
        query = "SELECT DISTINCT tracklet FROM observation WHERE source = ? ORDER BY tracklet"
        return [self._course(source, number) for (number,) in self._connection.execute(query, (source,)).fetchall()]

    def _course(self, source: int, tracklet: int) -> Course:
        place = (source, tracklet)
        query = "SELECT number, x0, y0, x1, y1, eyes FROM observation WHERE source = ? AND tracklet = ? ORDER BY number"
        table = np.array(self._connection.execute(query, place).fetchall(), np.float64)
        query = (
            "SELECT embedding FROM observation WHERE source = ? AND tracklet = ? AND embedding IS NOT NULL "
            "ORDER BY number"
        )
        rows = self._connection.execute(query, place)
        embeddings = np.array([self._numbers(blob, (128,)) for (blob,) in rows], np.float32).reshape(-1, 128)
        frames = table[:, 0].astype(np.int64)
        query = "SELECT shot FROM frame WHERE source = ? AND number = ?"
        (shot,) = self._connection.execute(query, (source, int(frames[0]))).fetchone()
        ends = [self._rois(place, order) for order in ("", "DESC")]
        return Course(
            Tracklet(
                number=tracklet,
                shot=int(shot),
                first=int(frames[0]),
                last=int(frames[-1]),
                start=ends[0],
                end=(ends[1][1], ends[1][0]),
                embedding=embeddings.mean(0) if len(embeddings) else None,
                faces=len(frames),
            ),
            frames,
            table[:, 1:5],
            table[:, 5],
            embeddings,
        )

    def _rois(self, place: tuple[int, int], order: str) -> tuple[Any, Any]:
        """The squares of the first two faces in this order, the same twice where there is one."""
        query = f"SELECT landmarks FROM observation WHERE source = ? AND tracklet = ? ORDER BY number {order} LIMIT 2"
        rois = [roi_of_landmarks(self._landmarks(blob)) for (blob,) in self._connection.execute(query, place)]
        return rois[0], rois[-1]

    def between(self, source: int, first: int, last: int) -> list[Seen]:
        """All observations of the frames from `first` to `last`, by frame and tracklet."""
        query = (
            "SELECT number, tracklet, score, landmarks FROM observation WHERE source = ? AND number BETWEEN ? AND ? "
            "ORDER BY number, tracklet"
        )
        rows = self._connection.execute(query, (source, first, last))
        return [Seen(number, tracklet, score, self._landmarks(blob)) for number, tracklet, score, blob in rows]

    def _landmarks(self, blob: bytes) -> NDArray[np.float64]:
        return self._numbers(blob, (478, 3)).astype(np.float64)

    def _numbers(self, blob: bytes, shape: tuple[int, ...]) -> NDArray[np.float32]:
        try:
            values = np.frombuffer(blob, "<f4").reshape(shape)
        except (TypeError, ValueError) as error:
            raise _damaged(self.path, error) from error
        if not np.isfinite(values).all():
            raise _damaged(self.path, ValueError("a row has numbers that are none"))
        return values.astype(np.float32)


def _row(source: int, number: int, one: Observation) -> tuple[Any, ...]:
    low, high = one.landmarks[:, :2].min(0), one.landmarks[:, :2].max(0)
    embedding = None if one.embedding is None else one.embedding.astype("<f4").tobytes()
    return (
        source,
        number,
        one.tracklet,
        one.score,
        eye_distance(one.landmarks),
        *(float(value) for value in (*low, *high)),
        one.landmarks.astype("<f4").tobytes(),
        embedding,
    )


def _damaged(path: Path, error: Exception) -> BackendError:
    return BackendError(
        f"{path} cannot be used: {error}.",
        "Look at the disk and its permissions; if the file is damaged, delete it: the faces are then searched anew.",
    )
