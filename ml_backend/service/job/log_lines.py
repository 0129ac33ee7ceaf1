"""What the job's process prints, as lines."""

import io
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

LONGEST = 2000


def say(text: str) -> None:
    """Print a line for the log alone. On a full disk it is lost: no job shall end for want of its log."""
    with suppress(OSError):
        print(text, file=sys.__stdout__, flush=True)


class LogLines(io.TextIOBase):
    """Passes text on to `to`, and each finished line, cut at 2000 characters, to `tell` too."""

    def __init__(self, to: TextIO, tell: Callable[[str], None]) -> None:
        self._to = to
        self._tell = tell
        self._line = ""

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._to.fileno()

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._to.write(text)
        *lines, self._line = (self._line + text).split("\n")
        self._line = self._line[:LONGEST]
        for line in lines:
            if line.strip():
                self._tell(line.rstrip()[:LONGEST])
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._to.flush()
