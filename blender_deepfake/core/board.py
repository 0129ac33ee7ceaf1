"""The jobs that this Blender shows: each active one is followed by a thread, and read by the main thread at will."""

import itertools
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from .client import FINAL_STATES, Client
from .entry import ACTIVE_STATES, Ending, Entry, apply_ending, apply_update
from .errors import DeepfakeError
from .job_labels import label
from .runner import JobSpec, Tell, Update, follow, of_progress, outcome, run

_KEPT_ENDED = 20
_PICKED_UP_ENDED = 5


class Board:
    """Starts jobs, picks up those of the backend, and collects what their threads tell.

    Threads live only while jobs are active, and are daemons. `changes` rises with every change of a job's state.
    """

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.changes = 0
        self._told: dict[int, tuple[Entry, Update]] = {}
        self._endings: list[tuple[Entry, Ending]] = []
        self._lock = threading.Lock()
        self._keys = itertools.count(1)
        self._sent = threading.Event()  # of the job that was started last
        self._sent.set()

    @property
    def busy(self) -> bool:
        return any(entry.active for entry in self.entries)

    @property
    def queue(self) -> list[Entry]:
        """What waits in the backend's queue, the next one first."""
        return sorted((e for e in self.entries if e.state == "queued" and e.place), key=lambda e: e.place or 0)

    @property
    def ended(self) -> list[Entry]:
        """What has ended, the latest first."""
        return sorted((e for e in self.entries if e.ended), key=lambda e: e.ended_at, reverse=True)

    def find(self, key: int, job_id: str = "") -> Entry | None:
        """The entry of a job by its id, else by its key."""
        return next((e for e in self.entries if (e.job_id == job_id if job_id else e.key == key)), None)

    def start(self, spec: JobSpec, connect: Callable[[], Client], through_pauses: bool = False) -> Entry:
        """Run `spec` in a thread; `connect` is called there and may take its time.

        A paused job is followed on only with `through_pauses`; otherwise `take` follows it again when it goes on.
        """
        entry = self._add(spec)
        before, sent = self._sent, threading.Event()
        if spec.render is None:  # jobs are queued in the order in which they were started
            self._sent = sent

        def in_turn() -> Client:
            if spec.render is None:
                before.wait()
            return connect()

        def work(tell: Tell) -> dict[str, Any]:
            def told(update: Update) -> None:
                tell(update)
                if update.job is not None:
                    sent.set()

            try:
                return run(spec, in_turn, told, entry.stopping.is_set, through_pauses)
            finally:
                sent.set()

        self._follow(entry, work)
        return entry

    def take(self, jobs: Sequence[dict[str, Any]], client: Client) -> None:
        """Bring the list up to date with all `jobs` of the backend, oldest first, and follow those that are active.

        Jobs that nobody here started are picked up; of those that have ended, the latest few.
        """
        latest = sorted((job for job in jobs if job["state"] in FINAL_STATES), key=lambda job: str(job.get("ended")))
        shown = [job["id"] for job in latest[-_PICKED_UP_ENDED:]]
        sending = any(entry.state == "connecting" for entry in self.entries)  # its job may be among these
        for job in jobs:
            entry = self.find(0, str(job["id"]))
            if entry is None and not sending and (job["state"] not in FINAL_STATES or job["id"] in shown):
                request = dict(job.get("request") or {})
                entry = self._add(JobSpec(str(job["kind"]), request, label(str(job["kind"]), request)))
            if entry is not None:
                self._bring_up_to_date(entry, job, client)
        known = {str(job["id"]) for job in jobs}
        for entry in [e for e in self.entries if e.job_id and e.job_id not in known and not e.followed]:
            self.entries.remove(entry)

    def cancel(self, entry: Entry, client: Client | None) -> None:
        """Ask the job to stop at its next safe point. Does not wait."""
        entry.stopping.set()
        entry.asked = "cancel"
        if client is not None and entry.job_id:
            threading.Thread(target=_cancel, args=(client, entry.job_id), name="deepfake cancel", daemon=True).start()

    def remove(self, entry: Entry) -> None:
        """Take an entry that is not followed off the list."""
        if entry in self.entries and not entry.followed:
            self.entries.remove(entry)

    def drain(self) -> list[Entry]:
        """Write what the threads told into the entries; return those that are not followed any more."""
        with self._lock:
            told, endings = list(self._told.values()), self._endings
            self._told, self._endings = {}, []
        for entry, update in told:
            self.changes += update.state not in (None, entry.state)
            apply_update(entry, update)
        for entry, ending in endings:
            self.changes += 1
            entry.followed, entry.ended_at = False, _now()
            apply_ending(entry, ending)
        return [entry for entry, _ in endings]

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

    def _add(self, spec: JobSpec) -> Entry:
        ended = [entry for entry in self.entries if entry.ended]
        for old in ended[: max(0, len(ended) - _KEPT_ENDED)]:
            self.entries.remove(old)
        entry = Entry(next(self._keys), spec)
        self.entries.append(entry)
        return entry

    def _bring_up_to_date(self, entry: Entry, job: dict[str, Any], client: Client) -> None:
        entry.asked, entry.place = job.get("asked"), job.get("place")
        entry.ended_at = str(job.get("ended") or entry.ended_at)
        if entry.followed:
            return  # its thread knows better
        entry.job_id, entry.log = str(job["id"]), str(job.get("log") or "")
        if job.get("progress"):
            apply_update(entry, of_progress(job["progress"]))
        if job["state"] in ACTIVE_STATES:
            entry.state, entry.error = str(job["state"]), None
            entry.stopping.clear()
            self._follow(entry, lambda tell: follow(client, entry.job_id, entry.after, tell, through_pauses=False))
        elif job["state"] in FINAL_STATES and entry.state != job["state"]:
            try:
                apply_ending(entry, outcome(job))
            except DeepfakeError as error:
                apply_ending(entry, error)
        elif job["state"] == "paused":
            entry.state, entry.error, entry.seconds_left = "paused", None, None

    def _follow(self, entry: Entry, work: Callable[[Tell], dict[str, Any]]) -> None:
        entry.followed = True

        def tell(update: Update) -> None:
            with self._lock:
                _, before = self._told.get(entry.key, (entry, Update()))
                self._told[entry.key] = (entry, before.then(update))

        def target() -> None:
            ending: Ending
            try:
                ending = work(tell)
            except DeepfakeError as error:
                ending = error
            except Exception as error:  # an unforeseen error must reach the user too, not end with the thread
                ending = DeepfakeError(f"The job could not be followed: {type(error).__name__}: {error}")
            with self._lock:
                self._endings.append((entry, ending))

        threading.Thread(target=target, name="deepfake job", daemon=True).start()


def _now() -> str:
    """As the backend writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _cancel(client: Client, job_id: str) -> None:
    with suppress(DeepfakeError):  # a backend that is gone has no job to cancel
        client.cancel(job_id)
