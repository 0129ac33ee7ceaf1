"""Runs one command of the backend (`ml-backend … --json`) and reads the JSON object that it prints last."""

import json
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from . import child_processes
from .backend_command import BackendCommand
from .errors import BackendMissingError, CancelledError, DeepfakeError, RefusedError, UsageError

_TRACEBACK = "Traceback (most recent call last):"
_RAISED = re.compile(r"[A-Za-z_][\w.]*(Error|Exception)\b")  # what Python says was raised, before its own remarks
_ERRORS: dict[int, type[DeepfakeError]] = {2: UsageError, 3: RefusedError}


@dataclass(frozen=True)
class Said:
    """How a command ended: its exit code, the object if it printed one, and else the last that it said."""

    code: int
    answer: dict[str, Any] | None
    last: str


def ask(
    command: BackendCommand,
    arguments: Sequence[str],
    should_stop: Callable[[], bool] = lambda: False,
    seconds: float = 120.0,
) -> dict[str, Any]:
    """The object, whatever the exit code. Takes from half a second to several: for threads.

    Raises DeepfakeError with the backend's own words where it printed none: UsageError for its exit code 2,
    RefusedError for 3.
    """
    said = run(command, arguments, should_stop, seconds)
    if said.answer is not None:
        return said.answer
    kind = _ERRORS.get(said.code, DeepfakeError)
    if not said.last:
        shown = f"{command} {' '.join(arguments)}"
        raise kind(f"The backend ended with code {said.code} and wrote nothing.", f"Run it in a terminal: {shown}")
    raise kind(said.last.removeprefix("ml-backend: "))


def run(
    command: BackendCommand,
    arguments: Sequence[str],
    should_stop: Callable[[], bool] = lambda: False,
    seconds: float = 120.0,
) -> Said:
    """Run it to its end. Raises BackendMissingError where it cannot start, CancelledError when asked to stop, and
    DeepfakeError where it takes longer than `seconds`."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(
                [*command.words, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                env=child_processes.environment(),
                **child_processes.own_group(),
            )
        except OSError as error:
            raise BackendMissingError(
                f"The backend {command} does not start: {error}.", "Check that the file may be executed."
            ) from error
        _wait(process, f"{command} {' '.join(arguments[:2])}", should_stop, seconds)
        output.seek(0)
        errors.seek(0)
        said = output.read().decode("utf-8", "replace").splitlines()
        complaints = errors.read().decode("utf-8", "replace").splitlines()
    answer = next((found for line in reversed(said) if (found := _object(line)) is not None), None)
    return Said(process.returncode, answer, _last([*said, *complaints]))


def _object(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        answer = json.loads(line)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def _last(said: Sequence[str]) -> str:
    """What tells most of what went wrong; "" where nothing was said."""
    lines = [line.strip() for line in said if line.strip()]
    raised = [line for line in lines if _RAISED.match(line)] if _TRACEBACK in lines else []
    return next(reversed(raised or lines), "")


def _wait(process: "subprocess.Popen[bytes]", shown: str, should_stop: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while process.poll() is None:
        if should_stop() or time.monotonic() >= deadline:
            child_processes.kill(process)
            if should_stop():
                raise CancelledError("It was cancelled.")
            raise DeepfakeError(
                f"The backend did not answer within {seconds:.0f} s.", f"Run it in a terminal to see why: {shown}"
            )
        time.sleep(0.02)
