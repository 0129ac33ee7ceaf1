"""The reporter of a job that runs for the service: tells through the events file, hears through the job's folder."""

import math
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ml_backend.service.events import EventWriter
from ml_backend.service.job_folder import JobFolder
from ml_backend.service.time_left import TimeLeft

INTERVAL = 0.1
"""Seconds between two stored progress events."""


class EventReporter:
    """Stores at most ten progress events a second, and the newest one before anything else and at the end."""

    def __init__(self, folder: JobFolder, events: EventWriter, stop: threading.Event) -> None:
        self._folder = folder
        self._events = events
        self._stop = stop
        self._time_left = TimeLeft()
        self._lock = threading.Lock()
        self._stages: set[str] = set()
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
            if moment - self._stored >= INTERVAL or stage not in self._stages:
                self._stages.add(stage)
                self._flush()

    def message(self, text: str) -> None:
        with self._lock:
            print(text, flush=True)
            self._flush()
            self._append("message", {"text": text})

    def preview(self, path: Path) -> None:
        with self._lock:
            self._flush()
            self._append("preview", {"path": str(path.absolute())})

    def stop_requested(self) -> bool:
        return self._stop.is_set() or self._folder.stop_asked()

    def finish(self) -> None:
        """Store what is still held back."""
        with self._lock:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            self._append("progress", self._waiting)
            self._waiting = None
            self._stored = time.monotonic()

    def _append(self, name: str, data: dict[str, Any]) -> None:
        try:
            self._events.append(name, data)
        except OSError as error:  # a full disk must not end the work for want of a progress line
            print(f"An event could not be stored: {error}", flush=True)


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
