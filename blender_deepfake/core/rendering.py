"""Has Blender render a plate in a process of its own, and follows how far it is."""

import subprocess
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .errors import CancelledError, DeepfakeError

_KEPT_LINES = 20


@dataclass(frozen=True)
class PlateRender:
    """`command` renders `frames` pictures and prints `FRAME n` after each; `copy` is deleted afterwards."""

    command: tuple[str, ...]
    frames: int
    copy: Path


def run(render: PlateRender, progress: Callable[[int, int], None], should_stop: Callable[[], bool]) -> None:
    """Render, calling `progress(done, total)`. Raises `CancelledError` when `should_stop` says so."""
    last: deque[str] = deque(maxlen=_KEPT_LINES)
    progress(0, render.frames)
    try:
        with subprocess.Popen(
            render.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            creationflags=_no_window(),
        ) as process:
            for line in process.stdout or ():
                last.append(line.rstrip())
                if line.startswith("FRAME "):
                    progress(int(line.split()[1]), render.frames)
                if should_stop():
                    process.terminate()
                    raise CancelledError("The rendering of the plate was cancelled.")
        if process.returncode != 0:
            raise DeepfakeError(
                f"Blender could not render the plate (code {process.returncode}): {' | '.join(list(last)[-3:])}"
            )
    finally:
        render.copy.unlink(missing_ok=True)


def _no_window() -> int:
    """On Windows a program without a window would open a console otherwise."""
    if sys.platform == "win32":
        return subprocess.CREATE_NO_WINDOW
    return 0
