"""A faceset on disk: one picture file a face and an index beside them.

    DIR/faceset.json      whose faces these are and how they were cut out
    DIR/index.sqlite      every processed frame, every face with its data, and how far extraction came
    DIR/faces/*.png       the aligned crops; delete one in a file browser and the face is gone

A picture is written before the index knows of it, and the index grows in transactions, so that a kill at any
moment leaves a faceset that is right as far as it goes. The index keeps the row of a deleted picture, so that no
later extraction brings it back.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from ml_backend import atomic
from ml_backend.errors import BackendError, UsageError
from ml_backend.faces.geometry import transform
from ml_backend.faces.regions import LANDMARK_MODEL
from ml_backend.media.frame import Pixels
from ml_backend.media.readable import require_readable
from ml_backend.media.write import read_picture

_SCHEMA = """
CREATE TABLE IF NOT EXISTS source (
  id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, label TEXT NOT NULL UNIQUE, last_frame INTEGER, tracker TEXT);
CREATE TABLE IF NOT EXISTS frame (
  source INTEGER NOT NULL REFERENCES source(id), number INTEGER NOT NULL, faces INTEGER NOT NULL,
  PRIMARY KEY (source, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS face (
  file TEXT PRIMARY KEY, source INTEGER NOT NULL REFERENCES source(id), number INTEGER NOT NULL,
  track INTEGER NOT NULL, score REAL NOT NULL, landmarks BLOB NOT NULL, matrix BLOB NOT NULL, embedding BLOB NOT NULL);
"""


class FacesetInfo(BaseModel):
    """The content of faceset.json. framing_side is that of the whole stored crop, margin included."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    identity: str | None
    landmark_model: str = LANDMARK_MODEL
    size: int
    framing: str
    framing_side: float
    framing_down: float


@dataclass(frozen=True)
class StoredFace:
    """A face of a faceset. `matrix` (2×3) leads from the frame's pixels to the stored crop's."""

    path: Path
    source: Path
    frame: int
    track: int
    score: float
    landmarks: NDArray[np.float64]
    matrix: NDArray[np.float64]
    embedding: NDArray[np.float32]

    @property
    def crop_landmarks(self) -> NDArray[np.float64]:
        """The landmarks (478×2) in pixels of the stored crop."""
        return transform(self.landmarks[:, :2], self.matrix)

    def read_crop(self) -> Pixels:
        """The crop, size×size×3 RGB, uint8 or uint16 as the source was."""
        return read_picture(self.path)


class Faceset:
    """An open faceset; make one with `open` or `create`."""

    def __init__(self, folder: Path, info: FacesetInfo) -> None:
        self.folder = folder
        self.info = info

    @classmethod
    def open(cls, folder: Path) -> "Faceset":
        """Raises UsageError where there is no faceset or another kind of one, BackendError where it is damaged."""
        file = folder / "faceset.json"
        if not file.is_file():
            raise UsageError(
                f"{folder} is not a faceset: faceset.json is missing.", "Make one with ml-backend extract."
            )
        require_readable(file)
        try:
            info = FacesetInfo.model_validate_json(file.read_bytes())
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise BackendError(
                f"{file} is damaged ({place + ': ' if place else ''}{first['msg']}).", "Extract into a new folder."
            ) from error
        if info.landmark_model != LANDMARK_MODEL:
            raise UsageError(
                f"{folder} has landmarks of the model {info.landmark_model}, this backend uses {LANDMARK_MODEL}.",
                "Extract the source again into a new folder.",
            )
        return cls(folder, info)

    @classmethod
    def create(cls, folder: Path, info: FacesetInfo) -> "Faceset":
        """Open the faceset in `folder` or make it. An `info` without an identity fits a faceset with one.

        Raises UsageError where there is a faceset with other settings or something else than a folder,
        BackendError where the faceset is damaged or its place cannot be written.
        """
        if (folder / "faceset.json").exists():
            present = cls.open(folder)
            info = info.model_copy(update={"identity": info.identity or present.info.identity})
            if present.info != info:
                changed = [k for k in FacesetInfo.model_fields if getattr(present.info, k) != getattr(info, k)]
                differences = ", ".join(
                    f"{k} is {getattr(present.info, k)} and not {getattr(info, k)}" for k in changed
                )
                raise UsageError(
                    f"The faceset {folder} exists with other settings: {differences}.", "Choose a new folder."
                )
            return present
        try:
            (folder / "faces").mkdir(parents=True, exist_ok=True)
            atomic.write_json(folder / "faceset.json", info.model_dump())
        except (FileExistsError, NotADirectoryError) as error:
            raise UsageError(f"{folder} is not a folder and cannot become one.", "Choose a new folder.") from error
        except OSError as error:
            raise BackendError(
                f"The faceset {folder} cannot be made: {error.strerror}.", "Choose a folder that can be written."
            ) from error
        return cls(folder, info)

    @contextmanager
    def index(self) -> Iterator[sqlite3.Connection]:
        """The index, made where it is missing. Use it as a transaction with `with connection:`.

        Raises BackendError where it is damaged or cannot be used.
        """
        with self._connect("rwc") as connection:
            connection.executescript(_SCHEMA)
            yield connection

    @contextmanager
    def extracting(self) -> Iterator[None]:
        """Keep other processes from extracting into this faceset; raises BackendError where one does already.

        The lock is one of SQLite on a file of its own: it works on every system and ends with the process.
        """
        file = self.folder / ".extracting"
        with ExitStack() as stack:
            try:
                connection = stack.enter_context(closing(sqlite3.connect(file, timeout=0, isolation_level=None)))
                connection.execute("BEGIN EXCLUSIVE")
            except sqlite3.DatabaseError as error:
                raise BackendError(
                    f"The lock {file} cannot be taken: {error}.",
                    "If another extraction into this faceset is running, wait for it, or choose a new folder.",
                ) from error
            yield

    def faces(self) -> list[StoredFace]:
        """The faces whose pictures are still there, ordered by source, frame and track.

        Nothing is written, so a faceset on a read-only disk will do. Raises BackendError where the index is
        damaged, or missing though there are pictures.
        """
        present = self._pictures()
        rows = self._read(
            "SELECT file, source.path, number, track, score, landmarks, matrix, embedding FROM face "
            "JOIN source ON source.id = face.source ORDER BY source.id, number, track"
        )
        try:
            return [_stored_face(self.folder / "faces", row) for row in rows if row[0] in present]
        except (TypeError, ValueError) as error:
            raise self._damaged(error) from error

    def frames(self) -> list[tuple[Path, int, int]]:
        """Source, number and count of found faces, deleted ones included, of every frame that was looked at."""
        rows = self._read("SELECT path, number, faces FROM frame JOIN source ON source.id = source ORDER BY id, number")
        return [(Path(path), number, faces) for path, number, faces in rows]

    def _read(self, query: str) -> list[tuple[Any, ...]]:
        file = self.folder / "index.sqlite"
        if not file.exists():
            if self._pictures():
                raise BackendError(f"The index {file} is missing.", "Put it back, or extract into a new folder.")
            return []
        with self._connect("rw") as connection:
            if not connection.execute("SELECT 1 FROM sqlite_schema").fetchone():
                return []  # a kill came before the tables
            return connection.execute(query).fetchall()

    def _pictures(self) -> set[str]:
        folder = self.folder / "faces"
        return {file.name for file in folder.iterdir() if file.suffix == ".png"} if folder.is_dir() else set()

    @contextmanager
    def _connect(self, mode: str) -> Iterator[sqlite3.Connection]:
        uri = (self.folder / "index.sqlite").absolute().as_uri()
        try:
            with closing(sqlite3.connect(f"{uri}?mode={mode}", timeout=30, uri=True)) as connection:
                connection.execute("PRAGMA synchronous = FULL")
                yield connection
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # the latter from damaged names of tables
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> BackendError:
        return BackendError(
            f"The index {self.folder / 'index.sqlite'} cannot be used: {error}.",
            "Look at the disk and its permissions; if the file is damaged, extract into a new folder.",
        )


def _stored_face(folder: Path, row: tuple[Any, ...]) -> StoredFace:
    """ValueError or TypeError for a row that is damaged."""
    file, source, number, track, score, landmarks, matrix, embedding = row
    return StoredFace(
        path=folder / file,
        source=Path(source),
        frame=int(number),
        track=int(track),
        score=float(score),
        landmarks=_numbers(landmarks, "<f4", (478, 3)).astype(np.float64),
        matrix=_numbers(matrix, "<f8", (2, 3)).astype(np.float64),
        embedding=_numbers(embedding, "<f4", (128,)).astype(np.float32),
    )


def _numbers(data: bytes, kind: str, shape: tuple[int, ...]) -> NDArray[np.float32 | np.float64]:
    values = np.frombuffer(data, kind).reshape(shape)
    if not np.isfinite(values).all():
        raise ValueError("a row has numbers that are none")
    return values


def mean_embedding(faces: Iterable[StoredFace]) -> NDArray[np.float32]:
    """The centre (128) of the embeddings of one face or more."""
    return np.asarray(np.mean([face.embedding for face in faces], axis=0, dtype=np.float64), np.float32)
