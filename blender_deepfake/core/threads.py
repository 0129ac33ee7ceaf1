"""Work that takes time, done in threads; what comes of it is dealt with in the main thread."""

import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from .errors import DeepfakeError

_Answer = TypeVar("_Answer")


class Threads:
    """Blender's data may be touched in the main thread only: that calls `deal` now and then, while `busy`."""

    def __init__(self) -> None:
        self._outcomes: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._running = 0

    @property
    def busy(self) -> bool:
        return self._running > 0

    def start(self, work: Callable[[], _Answer], then: Callable[[_Answer | DeepfakeError], None]) -> None:
        """Do `work` in a thread; `deal` calls `then` with what it returned or its error."""
        self._running += 1
        threading.Thread(
            target=lambda: self._outcomes.put(_done(work, then)), name="deepfake backend", daemon=True
        ).start()

    def deal(self) -> None:
        """Call `then` of all that has ended."""
        with suppress(queue.Empty):
            while True:
                outcome = self._outcomes.get_nowait()
                self._running -= 1
                outcome()


def _done(work: Callable[[], _Answer], then: Callable[[_Answer | DeepfakeError], None]) -> Callable[[], None]:
    answer: _Answer | DeepfakeError
    try:
        answer = work()
    except DeepfakeError as error:
        answer = error
    except Exception as error:  # an unforeseen error must reach the user too, not end with the thread
        answer = DeepfakeError(f"Something unforeseen happened: {type(error).__name__}: {error}")
    return lambda: then(answer)


def join(seconds: float) -> None:
    """Wait a moment for our threads: one that still sleeps while Python ends can keep Blender from ending."""
    deadline = time.monotonic() + seconds
    for thread in threading.enumerate():
        if thread.name.startswith("deepfake"):
            thread.join(max(0.0, deadline - time.monotonic()))
