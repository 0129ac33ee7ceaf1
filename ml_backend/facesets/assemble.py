"""Make a faceset out of the faces of others."""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml_backend import atomic
from ml_backend.errors import BackendError, Cancelled, UsageError
from ml_backend.progress import Reporter

from .store import DATA, Faceset

Row = tuple[Any, ...]
_CHUNK = 256  # faces in memory at once


@dataclass(frozen=True)
class Move:
    """A face to copy: the name of its picture, and its name, source, frame and track in the new faceset."""

    file: str
    name: str
    source: int
    frame: int
    track: int


@contextmanager
def new_place(out: Path) -> Iterator[Path]:
    """A folder to fill that becomes `out`, which must not exist yet, when all has gone well, and not before.

    What a killed process left of an earlier try is removed. Raises BackendError where another process fills it.
    """
    out = out.absolute()
    if out.exists():
        raise UsageError(f"{out} exists already.", "Choose a new folder.")
    part = out.with_name(f".{out.name}.unfinished")
    try:
        part.mkdir(parents=True, exist_ok=True)
        with Faceset.lock(part):
            _empty(part)
            try:
                yield part
            except BaseException:
                _empty(part)
                raise
        for file in part.glob(f"{Faceset.LOCK}*"):
            file.unlink()
        part.rename(out)
    except OSError as error:
        raise BackendError(
            f"{out} cannot be made: {error.strerror} ({error.filename}).", "Choose a folder that can be written."
        ) from error


def _empty(part: Path) -> None:
    """Delete all but the lock."""
    for old in part.iterdir():
        if old.is_dir():
            shutil.rmtree(old)
        elif not old.name.startswith(Faceset.LOCK):
            old.unlink()


def rows(faceset: Faceset, table: str, columns: str, order: str) -> list[Row]:
    """Some columns of all rows of one of the index's tables."""
    return faceset.read_all(f"SELECT {columns} FROM {table} ORDER BY {order}", table)


def copy_faces(source: Faceset, target: Faceset, moves: Sequence[Move], reporter: Reporter) -> None:
    """Add faces of `source` with all that belongs to them.

    The pictures come first, so that the index never knows of one that is not there; deleted ones stay deleted. A
    picture keeps the time of its last change, so that its scores go on holding.
    """
    present, without = source.pictures(), source.left_out()
    with target.index() as index, index:
        stretched = [(path, *factors) for path, factors in source.stretched().items()]
        index.executemany("INSERT OR IGNORE INTO stretched VALUES (?, ?, ?)", stretched)
    for start in range(0, len(moves), _CHUNK):
        chunk = moves[start : start + _CHUNK]
        for move in chunk:
            if move.file in present:
                for folder in ("faces", "masks/painted", "masks/predicted"):
                    _copy_picture(source.folder / folder / move.file, target.folder / folder / move.name)
        _copy_rows(source, target, chunk, without)
        reporter.progress("copy", start + len(chunk), len(moves))
        if reporter.stop_requested():
            raise Cancelled


def _copy_picture(path: Path, to: Path) -> None:
    if not path.exists():  # not every face has masks
        return
    to.parent.mkdir(parents=True, exist_ok=True)
    stat = path.stat()
    atomic.write_bytes(to, path.read_bytes())
    os.utime(to, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def _copy_rows(source: Faceset, target: Faceset, moves: Sequence[Move], without: dict[str, str]) -> None:
    files = [move.file for move in moves]
    faces = {row[0]: row[1:] for row in source.read_some(f"SELECT file, {DATA} FROM face WHERE file", files)}
    scores = {row[0]: row[1:] for row in source.read_some("SELECT * FROM measured WHERE file", files, "measured")}
    with target.index() as index, index:
        index.executemany(
            f"INSERT INTO face VALUES ({', '.join('?' * 11)})",
            [(m.name, m.source, m.frame, m.track, *faces[m.file]) for m in moves],
        )
        index.executemany(
            "INSERT INTO left_out VALUES (?, ?)", [(m.name, without[m.file]) for m in moves if m.file in without]
        )
        index.executemany(
            "INSERT INTO measured VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(m.name, *scores[m.file]) for m in moves if m.file in scores],
        )
