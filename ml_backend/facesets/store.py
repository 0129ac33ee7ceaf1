"""A faceset on disk: one picture file a face and an index beside them.

    DIR/faceset.json      whose faces these are and how they were cut out
    DIR/index.sqlite      every processed frame and every face with its data
    DIR/observations.sqlite  what was seen in the footage, everybody in it, before anything was chosen
    DIR/faces/*.png       the aligned crops; delete one in a file browser and the face is gone
    DIR/masks/            what of the crops is seen and what is covered, painted and predicted
    DIR/repairs.json      what an artist corrected

A picture is written before the index knows of it, and the index grows in transactions, so that a kill at any
moment leaves a faceset that is right as far as it goes. The index keeps the row of a deleted picture, so that no
later extraction brings it back. A face can also be left out: its picture stays, and nobody uses it.
"""

import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ml_backend import atomic
from ml_backend.errors import BackendError, UsageError
from ml_backend.faces.geometry import transform
from ml_backend.faces.slipping import UNSURE
from ml_backend.folder_lock import hold
from ml_backend.media.frame import Pixels
from ml_backend.media.readable import require_readable
from ml_backend.media.write import read_picture

_SCHEMA = """
CREATE TABLE IF NOT EXISTS source (
  id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, label TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS frame (
  source INTEGER NOT NULL REFERENCES source(id), number INTEGER NOT NULL, faces INTEGER NOT NULL,
  PRIMARY KEY (source, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS face (
  file TEXT PRIMARY KEY, source INTEGER NOT NULL REFERENCES source(id), number INTEGER NOT NULL,
  track INTEGER NOT NULL, score REAL NOT NULL, landmark_model TEXT NOT NULL, interpolated INTEGER NOT NULL,
  repaired INTEGER NOT NULL, landmarks BLOB NOT NULL, matrix BLOB NOT NULL, embedding BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS stranger (file TEXT PRIMARY KEY, landmarks BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS left_out (file TEXT PRIMARY KEY, reason TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS measured (
  file TEXT PRIMARY KEY, version INTEGER NOT NULL, bytes INTEGER NOT NULL, modified INTEGER NOT NULL,
  sha256 TEXT NOT NULL, scores TEXT NOT NULL, look BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS stretched (
  path TEXT PRIMARY KEY, across REAL NOT NULL, down REAL NOT NULL) WITHOUT ROWID;
"""
# These stand beside those of extraction: an index without them is a whole one, and gets them at need.
_LATER_TABLES = frozenset({"left_out", "measured", "stretched"})
_CHUNK = 256  # faces in memory at once
DATA = "score, landmark_model, interpolated, repaired, landmarks, matrix, embedding"  # of a face, whoever's it is
FACE = f"SELECT file, source.path, number, track, {DATA} FROM face JOIN source ON source.id = face.source WHERE file"


class FacesetInfo(BaseModel):
    """The content of faceset.json. framing_side is that of the whole stored crop, margin included."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[2] = 2
    identity: str | None
    landmark_model: Literal["facemesh478", "fan68"]
    size: int
    framing: str
    framing_side: float
    framing_down: float
    consent: str | None = Field(
        default=None,
        description="SHA-256 of the record under which they were extracted last; of merged facesets all, with spaces",
    )


@dataclass(frozen=True)
class StoredFace:
    """A face of a faceset. `matrix` (2×3) leads from the frame's pixels to the stored crop's.

    interpolated: it was not seen in its frame, its place is known from the frames around. repaired: an artist has
    corrected it.
    """

    path: Path
    source: Path
    frame: int
    track: int
    score: float
    landmarks: NDArray[np.float64]
    matrix: NDArray[np.float64]
    embedding: NDArray[np.float32]
    landmark_model: str
    interpolated: bool
    repaired: bool

    @property
    def is_sure(self) -> bool:
        """Somebody or something has seen it, and its landmarks have not slipped off it (see `faces.slipping`)."""
        return not self.interpolated and (self.repaired or self.score > UNSURE)

    @property
    def crop_landmarks(self) -> NDArray[np.float64]:
        """The landmarks (478×2) in pixels of the stored crop."""
        return transform(self.landmarks[:, :2], self.matrix)

    def read_crop(self) -> Pixels:
        """The crop, size×size×3 RGB, uint8 or uint16 as the source was."""
        return read_picture(self.path)


class Faceset:
    """An open faceset; make one with `open` or `create`."""

    LOCK = ".extracting"

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
        return cls(folder, info)

    @classmethod
    def create(cls, folder: Path, info: FacesetInfo) -> "Faceset":
        """Open the faceset in `folder` or make it. An `info` without an identity fits a faceset with one; another
        record of consent takes the place of the one that is there.

        Raises UsageError where there is a faceset with other settings or something else than a folder,
        BackendError where the faceset is damaged or its place cannot be written.
        """
        cls.make_folder(folder)
        if (folder / "faceset.json").exists():
            present = cls.open(folder)
            kept = {"identity": info.identity or present.info.identity, "consent": info.consent or present.info.consent}
            info = info.model_copy(update=kept)
            if present.info != info.model_copy(update={"consent": present.info.consent}):
                names = FacesetInfo.model_fields.keys() - {"consent"}
                changed = [k for k in names if getattr(present.info, k) != getattr(info, k)]
                differences = ", ".join(
                    f"{k} is {getattr(present.info, k)} and not {getattr(info, k)}" for k in changed
                )
                raise UsageError(
                    f"The faceset {folder} exists with other settings: {differences}.", "Choose a new folder."
                )
            if present.info == info:
                return present
        try:
            atomic.write_json(folder / "faceset.json", info.model_dump())
        except OSError as error:
            raise _cannot_be_made(folder, error) from error
        return cls(folder, info)

    @staticmethod
    def make_folder(folder: Path) -> None:
        """Make the folder of a faceset-to-be. Raises UsageError or BackendError where that is not possible."""
        try:
            (folder / "faces").mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise UsageError(f"{folder} is not a folder and cannot become one.", "Choose a new folder.") from error
        except OSError as error:
            raise _cannot_be_made(folder, error) from error

    @contextmanager
    def index(self) -> Iterator[sqlite3.Connection]:
        """The index, made where it is missing. Use it as a transaction with `with connection:`.

        Raises BackendError where it is damaged or cannot be used.
        """
        with self._connect("rwc") as connection:
            connection.executescript(_SCHEMA)
            yield connection

    @classmethod
    @contextmanager
    def lock(cls, folder: Path) -> Iterator[None]:
        """Keep other processes from filling `folder`; raises BackendError where one does already."""
        fix = "If another extraction into this faceset is running, wait for it, or choose a new folder."
        with hold(folder / cls.LOCK, fix):
            yield

    def faces(self, left_out: bool = False) -> list[StoredFace]:
        """The faces whose pictures are still there, ordered by source, frame and track; `left_out`: these too.

        Nothing is written, so a faceset on a read-only disk will do. Raises BackendError where the index is
        damaged, or missing though there are pictures.
        """
        return list(self.stream(left_out))

    def stream(self, left_out: bool = False) -> Iterator[StoredFace]:
        """What `faces` gives, with some of them in memory at a time. The index may be written to meanwhile."""
        present = self.pictures()
        without = set() if left_out else self.left_out().keys()
        rows = self.read_all("SELECT file FROM face ORDER BY source, number, track, file")
        files = [file for (file,) in rows if file in present and file not in without]
        for start in range(0, len(files), _CHUNK):
            chunk = files[start : start + _CHUNK]
            rows = self.read_some(FACE, chunk)
            found = {row[0]: row for row in rows}
            try:
                yield from [stored_face(self.folder / "faces", found[file]) for file in chunk if file in found]
            except (TypeError, ValueError) as error:
                raise self.damaged(error) from error

    def embeddings(self) -> tuple[list[Path], NDArray[np.float32]]:
        """The sources and the embeddings (N×128) of the faces in use."""
        query = "SELECT file, path, embedding FROM face JOIN source ON source.id = face.source ORDER BY file"
        in_use = self.pictures() - self.left_out().keys()
        rows = [(path, blob) for file, path, blob in self.read_all(query) if file in in_use]
        try:
            known = [_numbers(blob, "<f4", (128,)) for _, blob in rows]
        except (TypeError, ValueError) as error:
            raise self.damaged(error) from error
        return [Path(path) for path, _ in rows], np.array(known, np.float32).reshape(-1, 128)

    def left_out(self) -> dict[str, str]:
        """The names of the pictures whose faces nobody shall use, and why."""
        return dict(self.read_all("SELECT file, reason FROM left_out ORDER BY file", "left_out"))

    def stretched(self) -> dict[str, tuple[float, float]]:
        """How much wider and higher the pictures of sources were made, for square pixels; the others are as stored.

        Landmarks are in the pixels of the stretched pictures.
        """
        rows = self.read_all("SELECT path, across, down FROM stretched", "stretched")
        return {path: (across, down) for path, across, down in rows}

    def frames(self) -> list[tuple[Path, int, int]]:
        """Source, number and count of found faces, deleted ones included, of every frame that was looked at."""
        query = "SELECT path, number, faces FROM frame JOIN source ON source.id = source ORDER BY id, number"
        return [(Path(path), number, faces) for path, number, faces in self.read_all(query)]

    def read_some(self, query: str, values: Sequence[str], table: str = "face") -> list[tuple[Any, ...]]:
        """The rows of a query that ends in a column's name, where that column has one of `values`."""
        return self.read_all(f"{query} IN ({', '.join('?' * len(values))})", table, values)

    def read_all(self, query: str, table: str = "face", values: Sequence[str] = ()) -> list[tuple[Any, ...]]:
        """The rows of any query on `table`; none where it is one of curation's and not there yet."""
        file = self.folder / "index.sqlite"
        if not file.exists():
            if self.pictures():
                raise BackendError(f"The index {file} is missing.", "Put it back, or extract into a new folder.")
            return []
        with self._connect("rw") as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
            if not tables or (table in _LATER_TABLES and table not in tables):
                return []  # a kill came before the tables, or nobody has needed this one yet
            return connection.execute(query, values).fetchall()

    def pictures(self) -> set[str]:
        """The names of all PNG files among the crops."""
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
            raise self.damaged(error) from error

    def damaged(self, error: Exception) -> BackendError:
        """What to raise where the index has what it cannot have."""
        return BackendError(
            f"The index {self.folder / 'index.sqlite'} cannot be used: {error}.",
            "Look at the disk and its permissions; if the file is damaged, extract into a new folder.",
        )


def _cannot_be_made(folder: Path, error: OSError) -> BackendError:
    return BackendError(
        f"The faceset {folder} cannot be made: {error.strerror}.", "Choose a folder that can be written."
    )


def free_label(stem: str, taken: Iterable[str]) -> str:
    """A label for the file names of a source's faces that no other source has: `stem`, or with a number."""
    stem = re.sub(r"[^\w-]+", "_", stem).strip("_-")[:40] or "source"
    known = {label.casefold() for label in taken}  # some file systems do not tell upper from lower case
    names = chain([stem], (f"{stem}-{n}" for n in range(2, len(known) + 3)))
    return next(name for name in names if name.casefold() not in known)


def stored_face(folder: Path, row: tuple[Any, ...]) -> StoredFace:
    """ValueError or TypeError for a row that is damaged."""
    file, source, number, track, score, model, interpolated, repaired, landmarks, matrix, embedding = row
    return StoredFace(
        path=folder / file,
        source=Path(source),
        frame=int(number),
        track=int(track),
        score=float(score),
        landmarks=_numbers(landmarks, "<f4", (478, 3)).astype(np.float64),
        matrix=_numbers(matrix, "<f8", (2, 3)).astype(np.float64),
        embedding=_numbers(embedding, "<f4", (128,)).astype(np.float32),
        landmark_model=str(model),
        interpolated=bool(interpolated),
        repaired=bool(repaired),
    )


def _numbers(data: bytes, kind: str, shape: tuple[int, ...]) -> NDArray[np.float32 | np.float64]:
    values = np.frombuffer(data, kind).reshape(shape)
    if not np.isfinite(values).all():
        raise ValueError("a row has numbers that are none")
    return values


def mean_embedding(faces: Iterable[StoredFace]) -> NDArray[np.float32]:
    """The centre (128) of the embeddings of one face or more."""
    return np.asarray(np.mean([face.embedding for face in faces], axis=0, dtype=np.float64), np.float32)
