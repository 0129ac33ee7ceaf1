"""A job as the interface shows it, and how it changes with what is told of it."""

import threading
from dataclasses import dataclass, field
from typing import Any

from .client import FINAL_STATES
from .errors import BackendUnreachableError, CancelledError, DeepfakeError, PausedError, RefusedError
from .runner import JobSpec, Update

_KEPT_TEXTS = 4
ACTIVE_STATES = frozenset({"waiting", "connecting", "queued", "running"})


@dataclass
class Entry:
    """A job as the interface shows it. Only the main thread reads and writes it, in `drain` and `take`.

    `state` is the backend's, or before there is a job: waiting or connecting; or interrupted, where the backend
    stopped answering. `asked` and `place` are the backend's; `texts` the last of its messages, each
    once. `after` is the number of the last event that was read, `ended_at` when the job ended, in ISO 8601 and UTC.
    """

    key: int
    spec: JobSpec
    state: str = "waiting"
    asked: str | None = None
    place: int | None = None
    stage: str = ""
    done: float = 0.0
    total: float = 0.0
    seconds_left: float | None = None
    figures: dict[str, float] = field(default_factory=dict)
    texts: tuple[str, ...] = ()
    preview: str = ""
    job_id: str = ""
    log: str = ""
    after: int = 0
    ended_at: str = ""
    result: dict[str, Any] | None = None
    error: DeepfakeError | None = None
    followed: bool = False
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def active(self) -> bool:
        return self.state in ACTIVE_STATES

    @property
    def ended(self) -> bool:
        return self.state in FINAL_STATES

    @property
    def fraction(self) -> float:
        return min(self.done / self.total, 1.0) if self.total > 0 else 0.0


Ending = dict[str, Any] | DeepfakeError


def apply_update(entry: Entry, update: Update) -> None:
    """Write into `entry` what became known of a job that goes on."""
    if update.state in ACTIVE_STATES or update.state == "paused":
        if update.state != entry.state:
            entry.asked = "cancel" if entry.stopping.is_set() else None
        entry.state = str(update.state)
        entry.place = entry.place if entry.state == "queued" else None
    if update.stage is not None:
        entry.stage, entry.done, entry.total = update.stage, update.done, update.total
        entry.seconds_left, entry.figures = update.seconds_left, update.figures
    if update.job is not None:
        entry.job_id, entry.log = str(update.job["id"]), str(update.job.get("log") or "")
        entry.place = update.job.get("place")
    if update.after is not None:
        entry.after = max(entry.after, update.after)
    entry.texts = tuple(dict.fromkeys((*entry.texts, *update.texts)))[-_KEPT_TEXTS:]
    entry.preview = update.preview or entry.preview


def apply_ending(entry: Entry, told: Ending) -> None:
    """Write into `entry` how its job ended, or that it is only paused."""
    entry.seconds_left, entry.place, entry.asked = None, None, None
    entry.stopping.clear()
    if isinstance(told, PausedError):
        entry.state, entry.error = "paused", told
    elif isinstance(told, DeepfakeError):
        states = {RefusedError: "refused", CancelledError: "cancelled"}
        lost = isinstance(told, BackendUnreachableError) and entry.job_id
        entry.error, entry.state = told, "interrupted" if lost else states.get(type(told), "failed")
    else:
        entry.result, entry.error, entry.state = told, None, "done"
