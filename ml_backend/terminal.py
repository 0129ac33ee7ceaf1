"""What a job shows on a terminal, and how Ctrl-C stops it."""

import codecs
import io
import json
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from ml_backend.errors import BackendError
from ml_backend.provenance.home import home_folder

LINE_SECONDS = 10.0
_HANGUP = getattr(signal, "SIGHUP", None)  # not on Windows
STOPPING = b"Stopping at the next safe point; once more to stop at once.\n"


def let_all_be_printed() -> None:
    """What standard output cannot show is spelt as JSON does (`\\u0119`); what is printed to a closed one is lost.

    Work that is done shall not fail because of the words about it.
    """
    codecs.register_error("spelt_out", _spelt_out)
    if not sys.stdout:
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - for as long as the program runs
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="spelt_out")


def _spelt_out(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end


class TerminalReporter:
    """A bar with the time left on a terminal, a plain line now and then elsewhere; all on standard error.

    The first Ctrl-C or SIGTERM asks the job to stop at a safe point, the second one ends the program at once. The end
    of the terminal asks too, unless it is ignored, as by nohup.
    """

    def __init__(self) -> None:
        self._console = Console(stderr=True, emoji=False)
        self._bar: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._stage = ""
        self._stage_started = self._line_printed = 0.0
        self._first_done = 0.0
        self._stop = False
        self._handlers: dict[int, Any] = {}

    def __enter__(self) -> Self:
        numbers: list[int] = [signal.SIGINT, signal.SIGTERM]
        if _HANGUP is not None and signal.getsignal(_HANGUP) is not signal.SIG_IGN:
            numbers.append(_HANGUP)
        for number in numbers:
            self._handlers[number] = signal.signal(number, self._on_signal)
        if self._console.is_terminal:
            self._bar = Progress(
                TextColumn("{task.description:<12}"),
                BarColumn(),
                TextColumn("{task.percentage:>3.0f}%"),
                TimeElapsedColumn(),
                TextColumn("left"),
                TimeRemainingColumn(),
                TextColumn("{task.fields[figures]}"),
                console=self._console,
            )
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if number == _HANGUP:  # the shell and the system may both tell
            self._stop = self._console.quiet = True  # nobody is there to read, and to write would fail
            return
        if self._stop:
            raise KeyboardInterrupt
        self._stop = True
        os.write(2, STOPPING)  # Python's own streams may be in the middle of a line here and would refuse

    def progress(self, stage: str, done: float, total: float, figures: Mapping[str, float] | None = None) -> None:
        shown = "  ".join(f"{name.replace('_', ' ')} {value:.4g}" for name, value in (figures or {}).items())
        if self._bar:
            if stage not in self._tasks:
                self._tasks[stage] = self._bar.add_task(stage, total=total, figures="")
            self._bar.update(self._tasks[stage], completed=done, total=total, figures=shown)
            return
        now = time.monotonic()
        if stage != self._stage:
            self._stage, self._stage_started, self._first_done = stage, now, done
            self._line_printed = now - LINE_SECONDS
        if now - self._line_printed < LINE_SECONDS and done < total:
            return
        self._line_printed = now
        gained = done - self._first_done
        left = (total - done) / gained * (now - self._stage_started) if gained > 0 else None
        time_left = "" if left is None else f", {_minutes(left)} left"
        part = done / total if total else 1
        self.message(f"{stage}: {part:.0%}{time_left}{'  ' if shown else ''}{shown}")

    def message(self, text: str) -> None:
        self._console.print(text, highlight=False, markup=False, soft_wrap=True)

    def detail(self, text: str) -> None:
        self.message(text)

    def preview(self, path: Path) -> None:
        self.message(f"preview: {path}")

    def stop_requested(self) -> bool:
        return self._stop


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def log_crash() -> str:
    """Write the traceback of the exception at hand to a log; returns the log's path, or why there is none.

    It lies in the home folder, or where temporary files lie if that cannot be written.
    """
    text = " ".join(sys.argv) + "\n" + traceback.format_exc()
    name = f"crash-{datetime.now():%Y%m%d-%H%M%S}-{os.getpid()}.log"
    try:
        try:
            path = home_folder() / "logs" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", errors="backslashreplace")
        except (OSError, BackendError):
            path = Path(tempfile.gettempdir()) / f"ml-backend-{name}"
            path.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        return f"none ({error.strerror})"
    return str(path)
