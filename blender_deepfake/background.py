"""What takes time is done in threads; a timer deals with what came of it, in Blender's main thread."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

import bpy

from .core.errors import DeepfakeError
from .core.threads import Threads

_TICK_SECONDS = 0.25
_SHOWING = (("SEQUENCE_EDITOR", "UI"), ("IMAGE_EDITOR", "UI"), ("PREFERENCES", "WINDOW"))
_Answer = TypeVar("_Answer")


class Background:
    """The timer runs only while there is something to wait for. `blocking` holds in Blender without a window, where no
    timer fires: there all is done at once. `failure` tells what went wrong last, empty where it went well.
    """

    def __init__(self) -> None:
        self.blocking = bpy.app.background
        self.failure = ""
        self._threads = Threads()
        self._closing = threading.Event()
        self._timer = self._tick  # Blender knows a timer by this very object, and each access makes a new one

    def beat(self) -> bool:
        """Called at each tick, in the main thread; True where it is to be called again."""
        raise NotImplementedError

    def in_background(
        self, work: Callable[[], object], then: Callable[[], None], failed: Callable[[], None] = lambda: None
    ) -> None:
        """Do `work`, which touches nothing of Blender's, then `then` in the main thread, or `failed` where it failed;
        `failure` tells why.

        Blocks, and raises, only in Blender without a window.
        """
        if self.blocking:
            work()
            then()
            return

        def done(told: object) -> None:
            self.note_failure(told)
            if isinstance(told, DeepfakeError):
                failed()
            else:
                then()

        self.in_thread(work, done)

    def ask(self, work: Callable[[], _Answer], then: Callable[[_Answer | DeepfakeError], None]) -> None:
        """Do `work`, which touches nothing of Blender's, then in the main thread `then` with its answer or its error.

        Blocks only in Blender without a window.
        """
        if not self.blocking:
            self.in_thread(work, then)
            return
        answer: _Answer | DeepfakeError
        try:
            answer = work()
        except DeepfakeError as error:
            answer = error
        then(answer)

    def in_thread(self, work: Callable[[], _Answer], then: Callable[[_Answer | DeepfakeError], None]) -> None:
        """Do `work` in a thread, then call `then` in the main thread with what it returned or its error."""
        self._threads.start(work, then)
        self.watch()

    def watch(self) -> None:
        if not self.blocking and not bpy.app.timers.is_registered(self._timer):
            bpy.app.timers.register(self._timer, first_interval=_TICK_SECONDS, persistent=True)

    def _tick(self) -> float | None:
        self._threads.deal()
        again = self.beat()
        _redraw()
        return _TICK_SECONDS if again or self._threads.busy else None

    def is_closing(self) -> bool:
        return self._closing.is_set()

    def end_timer(self) -> None:
        """Let no tick come any more, and threads know."""
        self._closing.set()
        if bpy.app.timers.is_registered(self._timer):
            bpy.app.timers.unregister(self._timer)

    def note_failure(self, told: object) -> None:
        self.failure = str(told) if isinstance(told, DeepfakeError) else ""


def _redraw() -> None:
    context: Any = bpy.context
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            for region in area.regions:
                if (area.type, region.type) in _SHOWING:
                    region.tag_redraw()
