"""A job's events: JSON lines in a file, each with its id.

Ids rise and never come back, even where the file was lost or cut off: an id is the time in milliseconds, or one more
than the last. One process writes at a time. A line that a killed writer left without its end is cut off by the next
writer, and no reader ever takes a line before its end is there. A file that grows too long is thinned: of its older
progress and log lines every second one is left out, so that a curve over a night keeps its shape.
"""

import json
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ml_backend.atomic import write_bytes
from ml_backend.service.clock import now

TAIL = 65536
MOST_BYTES = 4 << 20
THINNED = frozenset({"progress", "log"})


@dataclass(frozen=True)
class Event:
    """`name` is progress, message, log, preview or state; `data` is a JSON object."""

    id: int
    name: str
    data: dict[str, Any]


class EventWriter:
    """Appends events; each is handed to the system at once and survives the death of the process."""

    def __init__(self, path: Path, most_bytes: int = MOST_BYTES) -> None:
        self._path = path
        self._most = self._thin_at = most_bytes
        self._file, self._end = _open(path)
        self._last_id = _last_id(self._file, self._end)

    def next_id(self) -> int:
        """The id of the event that is appended next."""
        return max(self._last_id + 1, time.time_ns() // 1_000_000)

    def append(self, name: str, data: dict[str, Any], id: int | None = None) -> None:
        """Append an event, with an `id` that next_id() gave. OSError where the disk is full; the file is as before."""
        id = self.next_id() if id is None else id
        line = json.dumps({"id": id, "event": name, "data": {**data, "time": now()}}, allow_nan=False).encode() + b"\n"
        try:
            written = 0
            os.lseek(self._file, self._end, os.SEEK_SET)
            while written < len(line):
                written += os.write(self._file, line[written:])
        except OSError:
            os.ftruncate(self._file, self._end)
            raise
        self._end += len(line)
        self._last_id = id
        if self._end > self._thin_at:
            self._thin()

    def _thin(self) -> None:
        try:
            write_bytes(self._path, thinned(self._path.read_bytes(), self._most // 2), 0o600)
        except OSError:  # a full disk, or a reader on Windows: later
            self._thin_at += self._most // 4
            return
        os.close(self._file)
        self._file, self._end = _open(self._path)
        self._thin_at = max(self._most, self._end + self._most // 4)

    def close(self) -> None:
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _open(path: Path) -> tuple[int, int]:
    file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
    return file, _cut_unfinished_line(file)


def _cut_unfinished_line(file: int) -> int:
    end = os.lseek(file, 0, os.SEEK_END)
    start = end
    while start > 0:
        size = min(TAIL, start)
        os.lseek(file, start - size, os.SEEK_SET)
        newline = os.read(file, size).rfind(b"\n")
        if newline >= 0:
            kept = start - size + newline + 1
            break
        start -= size
    else:
        kept = 0
    if kept < end:
        os.ftruncate(file, kept)
    return kept


def _last_id(file: int, end: int) -> int:
    os.lseek(file, max(0, end - TAIL), os.SEEK_SET)
    events = (_parse(line) for line in reversed(os.read(file, TAIL).splitlines()))
    return next((event.id for event in events if event), 0)


def thinned(content: bytes, goal: int) -> bytes:
    """The lines of `content` with fewer progress and log lines among its first three quarters, as near to `goal` bytes
    as halving them again and again comes."""
    lines = content.splitlines(keepends=True)
    recent = len(lines) * 3 // 4
    old, kept = [(line, _is_thinned(line)) for line in lines[:recent]], b"".join(lines[recent:])
    while len(kept) + sum(len(line) for line, _ in old) > goal and sum(light for _, light in old) > 1:
        old = list(_halved(old))
    return b"".join(line for line, _ in old) + kept


def _is_thinned(line: bytes) -> bool:
    event = _parse(line)
    return event is None or event.name in THINNED


def _halved(lines: Iterable[tuple[bytes, bool]]) -> Iterable[tuple[bytes, bool]]:
    odd = False
    for line, light in lines:
        odd = odd ^ light
        if odd or not light:
            yield line, light


class EventReader:
    """Reads on from where it was, whole lines only."""

    def __init__(self, path: Path, after: int = 0) -> None:
        self._path = path
        self._offset = 0
        self._file_id: int | None = None
        self.last_id = after

    def read(self, most: int = 1 << 20) -> list[Event] | None:
        """The events that are new in the next `most` bytes of the file; None where nothing more is there."""
        try:
            with self._path.open("rb") as file:
                state = os.fstat(file.fileno())
                if state.st_ino != self._file_id or state.st_size < self._offset:  # another file, or a thinned one
                    self._file_id, self._offset = state.st_ino, 0
                if state.st_size == self._offset:
                    return None
                file.seek(self._offset)
                block = file.read(most)
        except FileNotFoundError:
            return None
        whole = block[: block.rfind(b"\n") + 1]
        if not whole:
            return None
        self._offset += len(whole)
        events = [event for line in whole.splitlines() if (event := _parse(line)) and event.id > self.last_id]
        if events:
            self.last_id = events[-1].id
        return events


def last_progress(path: Path) -> dict[str, Any] | None:
    """The newest progress event's data, if it is among the last events of the file."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - TAIL))
            block = file.read()
    except FileNotFoundError:
        return None
    for line in reversed(block[: block.rfind(b"\n") + 1].splitlines()):
        event = _parse(line)
        if event and event.name == "progress":
            return event.data
        if event and event.name == "state":  # progress before it belongs to an earlier run
            return None
    return None


def _parse(line: bytes) -> Event | None:
    try:
        stored = json.loads(line)
        return Event(int(stored["id"]), str(stored["event"]), dict(stored["data"]))
    except (ValueError, KeyError, TypeError):  # a crash of the whole machine can leave nonsense
        return None
