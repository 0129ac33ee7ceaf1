"""A job's events: JSON lines in a file. An event's id is its line number from 1, so that it needs no bookkeeping.

One process writes at a time. A line that a killed writer left without its end is cut off by the next writer, and no
reader ever takes a line before its end is there.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ml_backend.service.clock import now

TAIL = 65536


@dataclass(frozen=True)
class Event:
    """`name` is progress, message, preview or state; `data` is a JSON object."""

    id: int
    name: str
    data: dict[str, Any]


class EventWriter:
    """Appends events; each is handed to the system at once and survives the death of the process."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
        self._end = _cut_unfinished_line(self._file)

    def append(self, name: str, data: dict[str, Any]) -> None:
        """Raises OSError where the disk is full, and leaves the file as it was."""
        line = json.dumps({"event": name, "data": {**data, "time": now()}}, allow_nan=False).encode() + b"\n"
        try:
            written = 0
            os.lseek(self._file, self._end, os.SEEK_SET)
            while written < len(line):
                written += os.write(self._file, line[written:])
        except OSError:
            os.ftruncate(self._file, self._end)
            raise
        self._end += len(line)

    def close(self) -> None:
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


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


class EventReader:
    """Reads on from where it was, whole lines only."""

    def __init__(self, path: Path, after: int = 0) -> None:
        self._path = path
        self._after = after
        self._offset = 0
        self.last_id = 0

    def read(self, most: int = 1 << 20) -> list[Event] | None:
        """The events with ids above `after` in the next `most` bytes of the file; None where nothing new is there."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                block = file.read(most)
        except FileNotFoundError:
            return None
        whole = block[: block.rfind(b"\n") + 1]
        if not whole:
            return None
        self._offset += len(whole)
        events = []
        for line in whole.splitlines():
            self.last_id += 1
            event = _parse(self.last_id, line) if self.last_id > self._after else None
            if event:
                events.append(event)
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
        event = _parse(0, line)
        if event and event.name == "progress":
            return event.data
        if event and event.name == "state":  # progress before it belongs to an earlier run
            return None
    return None


def _parse(id: int, line: bytes) -> Event | None:
    try:
        stored = json.loads(line)
        return Event(id, stored["event"], stored["data"])
    except (ValueError, KeyError, TypeError):  # a crash of the whole machine can leave nonsense
        return None
