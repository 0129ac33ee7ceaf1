"""The reporter of a job that runs for the service: tells through the events file, hears through the job's folder."""

import math
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ml_backend.atomic import write_bytes
from ml_backend.service.job.events import EventWriter
from ml_backend.service.job.folder import JobFolder
from ml_backend.service.job.log_lines import say
from ml_backend.service.job.time_left import TimeLeft

LIVELY, CALM = 0.1, 0.5
"""Seconds between two stored progress events: while a stage is young, and later."""
YOUNG = 30.0
LOG_LINES = 20
"""Most log lines that become events in one second; the log file holds them all."""
PICTURES = frozenset({".png", ".jpg", ".jpeg"})


class EventReporter:
    """Stores a few progress events a second, and the newest one before anything else and at the end."""

    def __init__(self, folder: JobFolder, events: EventWriter, stop: threading.Event) -> None:
        self._folder = folder
        self._events = events
        self._stop = stop
        self._time_left = TimeLeft()
        self._lock = threading.Lock()
        self._stages: dict[str, float] = {}
        self._log_second, self._log_lines = 0.0, 0
        self._waiting: dict[str, Any] | None = None
        self._stored = -math.inf

    def progress(self, stage: str, done: float, total: float, figures: Mapping[str, float] | None = None) -> None:
        with self._lock:
            moment = time.monotonic()
            left = self._time_left.update(moment, stage, done, total)
            self._waiting = {
                "stage": stage,
                "done": _finite(done),
                "total": _finite(total),
                "figures": {name: _finite(value) for name, value in (figures or {}).items()},
                "seconds_left": None if left is None else round(left, 1),
            }
            fresh = stage not in self._stages
            began = self._stages.setdefault(stage, moment)
            if fresh or moment - self._stored >= (LIVELY if moment - began < YOUNG else CALM):
                self._flush()

    def message(self, text: str) -> None:
        with self._lock:
            say(text)  # sys.stdout would make a log event of it as well
            self._flush()
            self._append("message", {"text": text})

    def detail(self, text: str) -> None:
        say(text)
        self.log(text)

    def log(self, line: str) -> None:
        """A line that something printed."""
        with self._lock:
            second = time.monotonic() // 1
            if second != self._log_second:
                self._log_second, self._log_lines = second, 0
            self._log_lines += 1
            if self._log_lines <= LOG_LINES:
                self._append("log", {"text": line})

    def preview(self, path: Path) -> None:
        """The service serves a copy: the job may go on to change or clear away its own."""
        with self._lock:
            self._flush()
            picture = self._events.next_id()
            kept = self._keep(path, picture)
            self._append("preview", {"path": str(path.absolute()), "picture": picture if kept else None}, picture)

    def _keep(self, path: Path, picture: int) -> bool:
        if path.suffix.lower() not in PICTURES:
            return False
        try:
            write_bytes(self._folder.previews / f"{picture}{path.suffix.lower()}", path.read_bytes(), 0o600)
        except OSError as error:
            say(f"A preview could not be kept: {error}")
            return False
        return True

    def stop_requested(self) -> bool:
        return self._stop.is_set() or self._folder.asked() is not None

    def finish(self) -> None:
        """Store what is still held back."""
        with self._lock:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            self._append("progress", self._waiting)
            self._waiting = None
            self._stored = time.monotonic()

    def _append(self, name: str, data: dict[str, Any], id: int | None = None) -> None:
        try:
            self._events.append(name, data, id)
        except OSError as error:  # a full disk must not end the work for want of a progress line
            say(f"An event could not be stored: {error}")


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
