"""Reads which faces a faceset has, straight from its index and without the backend. Writes nothing."""

import math
import sqlite3
import sys
from array import array
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import DeepfakeError
from .face_points import LEFT_EYE, OVAL, RIGHT_EYE

_POINTS = 478


@dataclass(frozen=True)
class IndexedFace:
    """`points` are the 478 landmarks as x, y in pixels of the source's frame, y down, the first pixel's centre 0."""

    file: str
    frame: int
    track: int
    points: tuple[tuple[float, float], ...]

    @property
    def box(self) -> tuple[float, float, float, float]:
        """x0, y0, x1, y1 around all points."""
        xs, ys = zip(*self.points, strict=True)
        return min(xs), min(ys), max(xs), max(ys)

    @property
    def middle(self) -> tuple[float, float]:
        """A point that lies in the box: the middle of the oval's points."""
        count = len(OVAL)
        return sum(self.points[i][0] for i in OVAL) / count, sum(self.points[i][1] for i in OVAL) / count

    @property
    def roll(self) -> float:
        """How far the head is tilted, in degrees counter-clockwise, by the outer corners of the eyes."""
        (x0, y0), (x1, y1) = self.points[LEFT_EYE[0]], self.points[RIGHT_EYE[0]]
        return math.degrees(math.atan2(y0 - y1, x1 - x0))


def faces(faceset: Path, source: Path, frame: int) -> list[IndexedFace]:
    """The stored faces of one frame; none where the faceset, the source or the frame is not known to the index."""
    query = (
        "SELECT file, number, track, landmarks FROM face JOIN source ON source.id = face.source "
        "WHERE source.path = ? AND number = ? ORDER BY track, file"
    )
    rows = _rows(faceset, query, (str(source), frame))
    present = [row for row in rows if (faceset / "faces" / row[0]).is_file()]
    stretched = _stretched(faceset, source)
    try:
        return [
            IndexedFace(str(file), int(number), int(track), _points(data, *stretched))
            for file, number, track, data in present
        ]
    except (TypeError, ValueError) as error:
        raise _damaged(faceset, error) from error


def names(faceset: Path) -> list[str]:
    """The file names of all faces that are used, ordered by source and frame, whose pictures are still there."""
    folder = faceset / "faces"
    there = {file.name for file in folder.iterdir()} if folder.is_dir() else set()
    if _rows(faceset, "SELECT 1 FROM sqlite_schema WHERE name = 'left_out'", ()):
        there -= {str(file) for (file,) in _rows(faceset, "SELECT file FROM left_out", ())}
    rows = _rows(faceset, "SELECT file FROM face ORDER BY source, number, track, file", ())
    return [str(file) for (file,) in rows if file in there]


def face_at(found: list[IndexedFace], point: tuple[float, float]) -> IndexedFace | None:
    """The face whose box holds `point`; of several the one whose middle is nearest."""
    around = [face for face in found if _holds(face.box, point)]
    return min(around, key=lambda face: _distance(face.middle, point), default=None)


def _holds(box: tuple[float, float, float, float], point: tuple[float, float]) -> bool:
    return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]


def _distance(one: tuple[float, float], other: tuple[float, float]) -> float:
    return (one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2


def _stretched(faceset: Path, source: Path) -> tuple[float, float]:
    """How much wider and higher the source's pictures were made where its pixels are not square."""
    if not _rows(faceset, "SELECT 1 FROM sqlite_schema WHERE name = 'stretched'", ()):
        return 1.0, 1.0
    found = _rows(faceset, "SELECT across, down FROM stretched WHERE path = ?", (str(source),))
    return (float(found[0][0]), float(found[0][1])) if found else (1.0, 1.0)


def _points(data: bytes, across: float, down: float) -> tuple[tuple[float, float], ...]:
    """From 478×3 float32, little endian, in pixels of a picture so many times as wide and high as the file's."""
    values = array("f", data)
    if sys.byteorder == "big":
        values.byteswap()
    if len(values) != 3 * _POINTS:
        raise ValueError(f"{len(values)} numbers instead of {3 * _POINTS}")
    points = zip(values[0::3], values[1::3], strict=True)
    return tuple((x / across + (1 / across - 1) / 2, y / down + (1 / down - 1) / 2) for x, y in points)


def _rows(faceset: Path, query: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
    file = faceset / "index.sqlite"
    if not file.is_file():
        return []
    try:
        uri = f"{file.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, timeout=0.01, uri=True)) as connection:  # a window must not wait for a job
            return connection.execute(query, values).fetchall()
    except sqlite3.DatabaseError as error:
        raise _damaged(faceset, error) from error


def _damaged(faceset: Path, error: Exception) -> DeepfakeError:
    busy = isinstance(error, sqlite3.OperationalError) and "locked" in str(error)
    fix = "Wait until the extraction has ended." if busy else "Extract again, or choose another faceset."
    return DeepfakeError(f"The faceset {faceset} cannot be read: {error}.", fix)
