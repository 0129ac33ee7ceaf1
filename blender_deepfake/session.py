"""The one backend and the one job board of this Blender, and the timer that reads the board."""

import atexit
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy

from .core.backend_process import Backend
from .core.board import Board, Entry
from .core.client import Client
from .core.errors import DeepfakeError
from .core.runner import JobSpec
from .preferences import BackendPlace, backend_place

_TICK_SECONDS = 0.25


class Session:
    """`finish` is called in the main thread with each job that ended in the window."""

    def __init__(self) -> None:
        self.board = Board()
        self.backend: Backend | None = None
        self.pending = ""
        self.failure = ""
        self.finish: dict[int, Callable[[Entry], bool]] = {}
        self._timer = self._tick  # Blender knows a timer by this very object, and each access makes a new one

    def backend_at(self, place: BackendPlace) -> Backend:
        """The backend of `place`; one that was started for another workspace is stopped, unless it works."""
        if self.backend is not None and self.backend.workspace != place.workspace and not self.board.busy:
            self.backend.let_go()
            self.backend = None
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
        self._do("Stopping", self.backend_at(backend_place()).stop)

    def _do(self, what: str, work: Callable[[], object]) -> None:
        if self.pending:
            return
        self.pending, self.failure = what, ""

        def target() -> None:
            try:
                work()
            except DeepfakeError as error:
                self.failure = str(error)
            finally:
                self.pending = ""

        threading.Thread(target=target, name="deepfake backend", daemon=True).start()
        self._watch()

    def submit(self, spec: JobSpec, finish: Callable[[Entry], bool] | None = None) -> Entry:
        """Run a job without blocking. `finish` returns False to be called again at the next tick."""
        entry = self.board.start(spec, self.backend_at(backend_place()).connect)
        if finish is not None:
            self.finish[entry.key] = finish
        self._watch()
        return entry

    def run(self, spec: JobSpec, place: BackendPlace, show: Callable[[Entry], None]) -> Entry:
        """Run a job to its end and return it; raises its error. For Blender without a window."""
        entry = self.board.start(spec, self.backend_at(place).connect)
        self.board.wait(entry, show, lambda: self.client)
        return entry

    def _watch(self) -> None:
        if not bpy.app.timers.is_registered(self._timer):
            bpy.app.timers.register(self._timer, first_interval=_TICK_SECONDS, persistent=True)

    def _tick(self) -> float | None:
        self.board.drain()
        for entry in self.board.entries:
            finish = self.finish.get(entry.key)
            if finish is not None and not entry.active and (entry.state != "done" or finish(entry)):
                del self.finish[entry.key]
        _redraw()
        return _TICK_SECONDS if self.board.busy or self.pending or self.finish else None

    def close(self) -> None:
        """Stop the timer and the backend that was started here. Its jobs continue when they are asked for again."""
        if bpy.app.timers.is_registered(self._timer):
            bpy.app.timers.unregister(self._timer)
        if self.backend is not None:
            self.backend.let_go()


def _redraw() -> None:
    context: Any = bpy.context
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "SEQUENCE_EDITOR":
                for region in area.regions:
                    if region.type == "UI":
                        region.tag_redraw()


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
