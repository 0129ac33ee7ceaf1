"""The jobs of this Blender: each is followed by a thread, and read by the main thread when it likes."""

import itertools
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from .client import Client
from .errors import CancelledError, DeepfakeError, RefusedError
from .runner import JobSpec, Update, run

ACTIVE_STATES = frozenset({"waiting", "connecting", "queued", "running"})
_KEPT_FINISHED = 20


@dataclass
class Entry:
    """A job as the interface shows it. Only the main thread reads and writes it, in `drain`."""

    key: int
    spec: JobSpec
    state: str = "waiting"
    stage: str = ""
    done: float = 0.0
    total: float = 0.0
    seconds_left: float | None = None
    figures: dict[str, float] = field(default_factory=dict)
    text: str = ""
    preview: str = ""
    job_id: str = ""
    log: str = ""
    result: dict[str, Any] | None = None
    error: DeepfakeError | None = None
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def active(self) -> bool:
        return self.state in ACTIVE_STATES

    @property
    def fraction(self) -> float:
        return min(self.done / self.total, 1.0) if self.total > 0 else 0.0


class Board:
    """Starts jobs and collects what their threads tell. Threads live only while jobs run, and are daemons."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._told: queue.SimpleQueue[tuple[Entry, Update | dict[str, Any] | DeepfakeError]] = queue.SimpleQueue()
        self._keys = itertools.count(1)

    @property
    def busy(self) -> bool:
        return any(entry.active for entry in self.entries)

    def start(self, spec: JobSpec, connect: Callable[[], Client]) -> Entry:
        """Run `spec` in a thread; `connect` is called there and may take its time."""
        entry = Entry(next(self._keys), spec)
        finished = [e for e in self.entries if not e.active]
        for old in finished[: max(0, len(finished) - _KEPT_FINISHED)]:
            self.entries.remove(old)
        self.entries.append(entry)
        threading.Thread(target=self._follow, args=(entry, connect), name="deepfake job", daemon=True).start()
        return entry

    def cancel(self, entry: Entry, client: Client | None) -> None:
        """Ask the job to stop at its next safe point. Does not wait."""
        entry.stopping.set()
        if client is not None and entry.job_id:
            threading.Thread(target=_cancel, args=(client, entry.job_id), name="deepfake cancel", daemon=True).start()

    def drain(self) -> list[Entry]:
        """Write what the threads told into the entries; return those that ended."""
        ended = []
        with suppress(queue.Empty):
            while True:
                entry, told = self._told.get_nowait()
                if isinstance(told, Update):
                    _apply(entry, told)
                else:
                    _end(entry, told)
                    ended.append(entry)
        return ended

    def wait(self, entry: Entry, show: Callable[[Entry], None], client: Callable[[], Client | None]) -> dict[str, Any]:
        """Block until `entry` ends, calling `show` now and then; return its result or raise its error.

        Ctrl-C cancels the job and then waits for its orderly end.
        """
        while True:
            try:
                ended = self.drain()
                show(entry)
                if entry in ended:
                    break
                time.sleep(0.1)
            except KeyboardInterrupt:
                self.cancel(entry, client())
        if entry.error is not None:
            raise entry.error
        return entry.result or {}

    def _follow(self, entry: Entry, connect: Callable[[], Client]) -> None:
        try:
            result = run(entry.spec, connect, lambda update: self._told.put((entry, update)), entry.stopping.is_set)
            self._told.put((entry, result))
        except DeepfakeError as error:
            self._told.put((entry, error))
        except Exception as error:  # an unforeseen error must reach the user too, not end with the thread
            self._told.put((entry, DeepfakeError(f"The job could not be followed: {type(error).__name__}: {error}")))


def _cancel(client: Client, job_id: str) -> None:
    with suppress(DeepfakeError):  # a backend that is gone has no job to cancel
        client.cancel(job_id)


def _apply(entry: Entry, update: Update) -> None:
    if update.state in ACTIVE_STATES:
        entry.state = str(update.state)
    if update.stage is not None:
        entry.stage, entry.done, entry.total = update.stage, update.done, update.total
        entry.seconds_left, entry.figures = update.seconds_left, update.figures
    if update.job is not None:
        entry.job_id, entry.log = str(update.job["id"]), str(update.job.get("log") or "")
    entry.text = update.text or entry.text
    entry.preview = update.preview or entry.preview


def _end(entry: Entry, told: dict[str, Any] | DeepfakeError) -> None:
    entry.seconds_left = None
    if isinstance(told, DeepfakeError):
        states = {RefusedError: "refused", CancelledError: "cancelled"}
        entry.error, entry.state = told, states.get(type(told), "failed")
    else:
        entry.result, entry.state = told, "done"
