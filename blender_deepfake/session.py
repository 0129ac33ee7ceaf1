"""The one backend and the one job board of this Blender."""

import atexit
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from .backend_place import BackendPlace, backend_place
from .background import Background
from .core import doctor, roots, threads, waiting
from .core.backend_command import find_program
from .core.backend_process import Backend
from .core.board import Board
from .core.client import Client
from .core.doctor import Diagnosis
from .core.entry import Entry
from .core.errors import BackendUnreachableError, DeepfakeError, OutsideRootsError
from .core.runner import JobSpec
from .finishing import Finishing, WhenDone

_JOIN_SECONDS = 2.0


class Session(Background):
    """What the operators do and the panels show."""

    def __init__(self) -> None:
        super().__init__()
        self.board = Board()
        self.backend: Backend | None = None
        self.pending = ""
        self.checking = False
        self.diagnosis: Diagnosis | DeepfakeError | None = None
        self.left_over = 0  # jobs that wait in the workspace for a backend to go on with them
        self._finishing = Finishing()
        self._changes = 0
        self._refreshing = False
        self._looked_at: Path | None = None

    def backend_at(self, place: BackendPlace) -> Backend:
        """The backend of `place`; one that was started for another workspace is stopped, unless it works."""
        if self.backend is not None and self.backend.workspace != place.workspace and not self.board.busy:
            old, self.backend = self.backend, None
            if self.blocking:
                old.let_go()
            else:
                self.in_thread(old.let_go, lambda told: None)
        if self.backend is None:
            self.backend = Backend(place.workspace)
        self.backend.preference = place.program
        return self.backend

    @property
    def log(self) -> Path:
        return self.backend.log if self.backend else backend_place().workspace / "backend.log"

    @property
    def client(self) -> Client | None:
        return self.backend.client if self.backend else None

    def start_backend(self) -> None:
        """Start or attach in a thread; `pending` and `failure` tell how it goes."""
        self._do("Starting", self.backend_at(backend_place()).connect)

    def stop_backend(self) -> None:
        """Stop the backend in a thread, whoever started it: the user asked for that."""
        self._do("Stopping: jobs are being paused", self.backend_at(backend_place()).stop)

    def _do(self, what: str, work: Callable[[], object]) -> None:
        if self.pending:
            return
        self.pending, self.failure = what, ""

        def done(told: object) -> None:
            self.pending = ""
            self.note_failure(told)
            self._look_again()

        self.in_thread(work, done)

    def opened(self) -> None:
        """Another edit was opened: what is done, also meanwhile, may concern it."""
        self._finishing.forget()
        self._looked_at = None
        self.look()
        self.watch()

    def look(self) -> None:
        """When a panel is first drawn: attach to a backend that runs already and show its jobs. Starts none."""
        workspace = backend_place().workspace
        if self._looked_at == workspace or self.pending or self.blocking:
            return
        self._looked_at = workspace
        if (workspace / "endpoint.json").is_file():
            self.in_thread(self.backend_at(backend_place()).attach, self._attached)
        elif (workspace / "jobs").is_dir():
            self.in_thread(partial(waiting.count, workspace), self._note_left_over)

    def _attached(self, told: Client | DeepfakeError | None) -> None:
        self.note_failure(told)
        self._look_again()

    def _look_again(self) -> None:
        """Show the jobs of the backend, or how many wait where there is none."""
        if self.backend is not None and self.backend.client is not None:
            self.refresh()
            self.in_thread(self.backend.learn_devices, lambda told: None)
        else:
            self.in_thread(partial(waiting.count, backend_place().workspace), self._note_left_over)

    def _note_left_over(self, told: int | DeepfakeError) -> None:
        self.left_over = told if isinstance(told, int) else 0

    def refresh(self) -> None:
        """Ask the backend for its jobs in a thread, and show them."""
        client = self.client
        if client is None or self._refreshing:
            return
        self._refreshing = True
        self.in_thread(client.jobs, partial(self._take, client, self.board.changes))

    def _take(self, client: Client, changes: int, told: list[dict[str, Any]] | DeepfakeError) -> None:
        self._refreshing = False
        self.board.drain()
        if isinstance(told, BackendUnreachableError) and self.backend is not None and self.backend.client is client:
            self.backend.client = None
        elif self.board.changes != changes:
            self.refresh()  # the answer may be older than what the panel shows
        elif not isinstance(told, DeepfakeError):
            self.board.take(told, client)

    def act(self, call: Callable[[Client], object], failed: Callable[[], None] = lambda: None) -> None:
        """Have the backend do something to a job because the user asked for it; it is started where none runs.

        Blocks, and raises, only in Blender without a window.
        """
        backend = self.backend_at(backend_place())
        if self.blocking:
            call(backend.connect())
            self.attach()
            return

        def done(told: object) -> None:
            self.note_failure(told)
            if isinstance(told, DeepfakeError):
                failed()
            self.refresh()

        self.in_thread(lambda: call(backend.connect()), done)

    def attach(self) -> Client | None:
        """Attach to the backend that runs, and take over its jobs. Blocks: for Blender without a window."""
        client = self.backend_at(backend_place()).attach()
        self.board.drain()
        if client is not None:
            self.board.take(client.jobs(), client)
        return client

    def cancel(self, entry: Entry) -> None:
        """Ask a job to stop at its next safe point, also while it is only being prepared here."""
        self.board.cancel(entry, None)

        def cancel(client: Client) -> None:
            client.cancel(entry.job_id)

        def failed() -> None:
            entry.asked = None  # the button comes back

        if entry.job_id:
            self.act(cancel, failed)

    def check(self) -> None:
        """Have the backend examine itself; `checking` and `diagnosis` tell how it goes.

        Blocks, and raises, only in Blender without a window.
        """
        place = backend_place()
        if self.blocking:
            self.diagnosis = doctor.examine(find_program(place.program))
            return
        if self.checking:
            return

        def done(told: Diagnosis | DeepfakeError) -> None:
            self.checking, self.diagnosis = False, told

        self.checking, self.diagnosis = True, None
        self.in_thread(lambda: doctor.examine(find_program(place.program), self.is_closing), done)

    def submit(self, spec: JobSpec, finish: WhenDone | None = None, allow: Sequence[Path] = ()) -> Entry:
        """Run a job without blocking. `finish` returns False to be called again at the next tick.

        The backend may use the folders `allow` from then on.
        """
        backend = self.backend_at(backend_place())

        def connect() -> Client:
            roots.allow(backend.workspace, allow)
            return backend.connect()

        entry = self.board.start(spec, connect)
        self._finishing.expect(entry, finish)
        self.watch()
        return entry

    def allow(self, folder: Path) -> None:
        """Let the backend use `folder`, and send every job again that now may use all it needs."""
        workspace = self.backend_at(backend_place()).workspace

        def done(told: list[Path] | DeepfakeError) -> None:
            self.note_failure(told)
            if isinstance(told, DeepfakeError):
                return
            for entry in list(self.board.entries):
                if isinstance(entry.error, OutsideRootsError):
                    self._allowed(entry, entry.error, told)

        self.in_thread(lambda: roots.allow(workspace, [folder]), done)

    def _allowed(self, entry: Entry, error: OutsideRootsError, allowed: list[Path]) -> None:
        left = tuple(path for path in error.folders if not roots.is_inside(path, allowed))
        if left:
            entry.error = OutsideRootsError(error.message, error.fix, left)
            return
        finish = self._finishing.take(entry)
        self.board.remove(entry)
        self.submit(replace(entry.spec, render=None), finish)  # the plate is there: the request was sent

    def run(self, spec: JobSpec, place: BackendPlace, show: Callable[[Entry], None]) -> Entry:
        """Run a job to its end and return it; raises its error. For Blender without a window.

        Its folders are allowed: who typed the command, or wrote the script, named them.
        """
        backend = self.backend_at(place)

        def connect() -> Client:
            roots.allow(backend.workspace, roots.needed(spec.request))
            return backend.connect()

        entry = self.board.start(spec, connect, through_pauses=True)
        self.board.wait(entry, show, lambda: self.client)
        return entry

    def beat(self) -> bool:
        self.board.drain()
        if self.board.changes != self._changes:
            self._changes = self.board.changes
            self.refresh()
        return self._finishing.call(self.board.entries) or self.board.busy

    def close(self) -> None:
        """Stop the timer and the backend that was started here. Its jobs are paused, to be resumed later."""
        self.end_timer()
        if self.backend is not None:
            self.backend.let_go()
        threads.join(_JOIN_SECONDS)


_current: Session | None = None


def current() -> Session:
    """The session, made at its first use so that enabling the extension starts nothing."""
    global _current  # noqa: PLW0603  Blender has one process and one registration; so has this
    if _current is None:
        _current = Session()
        atexit.register(close)
    return _current


def close() -> None:
    """At unregistering and at exit."""
    global _current
    session, _current = _current, None
    if session is not None:
        atexit.unregister(close)
        session.close()
