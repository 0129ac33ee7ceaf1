"""What is done in the edit when a job is done: once, and again at the next tick where it cannot be yet."""

from collections.abc import Callable, Sequence

from .core.entry import Entry

WhenDone = Callable[[Entry], bool]


class Finishing:
    """`call` is for each tick. What is called returns False to be called again."""

    def __init__(self) -> None:
        self._finish: dict[int, WhenDone] = {}
        self._finished: set[int] = set()

    def expect(self, entry: Entry, finish: WhenDone | None) -> None:
        """Have `finish` called when the job is done; for None what `when_done` was told."""
        if finish is not None:
            self._finish[entry.key] = finish

    def take(self, entry: Entry) -> WhenDone | None:
        """What was expected of a job that is sent again."""
        return self._finish.pop(entry.key, None)

    def forget(self) -> None:
        """Another edit was opened, which what is done may concern."""
        self._finished.clear()

    def call(self, entries: Sequence[Entry]) -> bool:
        """Finish what is done of the jobs that are listed; True where one wants to be called again."""
        keys = {entry.key for entry in entries}
        self._finish = {key: finish for key, finish in self._finish.items() if key in keys}
        done = [entry for entry in entries if entry.state == "done" and entry.key not in self._finished]
        for entry in done:
            if self._finish.get(entry.key, _when_done)(entry):
                self._finish.pop(entry.key, None)
                self._finished.add(entry.key)
        return any(entry.key not in self._finished for entry in done)


def _nothing(entry: Entry) -> bool:
    return True


_when_done: WhenDone = _nothing


def when_done(call: WhenDone | None) -> None:
    """Have `call` know of each job that is done and was not started with a `finish` of its own: those that were
    started elsewhere or before."""
    global _when_done  # noqa: PLW0603  set once, at registering
    _when_done = call or _nothing
