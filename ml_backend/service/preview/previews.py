"""Keeps one preview process warm, gives it one frame at a time, and ends it when it is in the way."""

import asyncio
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from ml_backend.errors import BackendError
from ml_backend.service.preview.lines import Asked, PreviewAnswer, Said
from ml_backend.service.preview.turns import Turns
from ml_backend.service.preview.warm_process import WarmProcess

COMMAND: tuple[str, ...] = (sys.executable, "-m", "ml_backend.service.preview.process")
POLL = 0.5
"""Seconds between two looks at what is to end. A job's process needs longer than that before it takes much memory."""
GRACE = 1.0
"""Seconds that the process gets to end by itself."""


@dataclass(frozen=True)
class PreviewTerms:
    """`command` starts the process. It ends when nobody asked for `idle` seconds, and it is taken to hang when a frame
    takes longer than `patience` seconds, the loading of the networks included."""

    command: Sequence[str | Path] = COMMAND
    idle: float = 600.0
    patience: float = 120.0


class PreviewFailed(BackendError):
    """`code`: a Word of the process, or crashed, hung, stopping."""

    def __init__(self, code: str, message: str, fix: str = "", reason: str | None = None) -> None:
        super().__init__(message, fix)
        self.code = code
        self.reason = reason


class Previews:
    """All methods run in the event loop's thread.

    A heavy job that begins ends the process, so that it finds the GPU and the memory free. Where previews are asked
    for while such a job runs, they are made without the GPU.
    """

    def __init__(self, log: Path, terms: PreviewTerms, heavy_jobs: Callable[[], frozenset[str]]) -> None:
        """heavy_jobs: the ids of those that run now."""
        self._log = log
        self._terms = terms
        self._heavy_jobs = heavy_jobs
        self._turns = Turns()
        self._process: WarmProcess | None = None
        self._jobs: frozenset[str] = frozenset()
        self._unwanted = False
        self._stopping = asyncio.Event()
        self._used = 0.0

    async def render(self, asked: Asked) -> PreviewAnswer:
        """Raises Superseded where a newer request came before the turn of this one, else PreviewFailed."""
        async with self._turns.newest():
            started = time.monotonic()
            try:
                said = Said.model_validate_json(await self._ask(asked.model_dump_json().encode()))
            except ValidationError as error:
                await self._end(0)
                raise self._crashed("answered what is no answer") from error
            finally:
                self._used = time.monotonic()
            if said.problem:
                told = said.problem
                raise PreviewFailed(told.code, told.message, told.fix, told.reason)
            if not said.answer:
                raise self._crashed("said nothing")
            return said.answer.model_copy(update={"seconds": round(time.monotonic() - started, 3)})

    async def _ask(self, line: bytes) -> bytes:
        """The process's answer. One that died since it answered last, or over this line, is replaced once."""
        while True:
            process, fresh = await self._warm()
            try:
                answer = await asyncio.wait_for(process.ask(line), self._terms.patience)
            except TimeoutError as error:
                await self._end(0)
                message = f"The preview took longer than {self._terms.patience:g} s and was given up."
                raise PreviewFailed("hung", message, f"Ask again. The log tells more: {self._log}") from error
            except asyncio.CancelledError:
                await self._end(0)
                raise
            if answer:
                return answer
            code = await self._end(GRACE)
            if fresh:
                raise self._crashed(_ended_by(code))

    async def _warm(self) -> tuple[WarmProcess, bool]:
        """The process, and whether it was started for this."""
        if self._process and (self._unwanted or not self._process.alive):
            await self._end(GRACE)
        if self._stopping.is_set():
            raise _stopping()
        if self._process:
            return self._process, False
        self._jobs, self._unwanted = self._heavy_jobs(), False
        command = [*self._terms.command, *(["--no-gpu"] if self._jobs else [])]
        self._process = await WarmProcess.start(command, self._log)
        if self._stopping.is_set():  # meanwhile
            await self._end(GRACE)
            raise _stopping()
        return self._process, True

    async def keep(self) -> None:
        """End the process when it was idle for long, and when a heavy job has begun. Runs until it is cancelled."""
        while True:
            await asyncio.sleep(POLL)
            jobs = self._heavy_jobs() if self._process else frozenset()
            self._unwanted |= bool(jobs - self._jobs)
            self._jobs = jobs
            idle = time.monotonic() - self._used > self._terms.idle
            if self._process and not self._turns.taken and (idle or self._unwanted):
                await self._end(GRACE)

    async def stop(self) -> None:
        """Start nothing new, and return when the process is gone."""
        self._stopping.set()
        await self._end(GRACE)

    def kill(self) -> None:
        """End the process now."""
        if self._process:
            self._process.kill()

    async def _end(self, grace: float) -> int | None:
        process, self._process = self._process, None
        return await process.end(grace) if process else None

    def _crashed(self, how: str) -> PreviewFailed:
        if self._stopping.is_set():
            return _stopping()
        return PreviewFailed("crashed", f"The preview's process {how}.", f"Ask again. The log tells more: {self._log}")


def _stopping() -> PreviewFailed:
    return PreviewFailed("stopping", "The service is shutting down.", "Start it again and ask it then.")


def _ended_by(code: int | None) -> str:
    if code is not None and code < 0:
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
        return f"was ended by {name}" + (": often the system, when memory runs out" if name == "SIGKILL" else "")
    return f"ended with code {code}"
