"""A process that answers lines with lines and stays alive between them."""

import asyncio
import os
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

LOG_BYTES = 1 << 20
LONGEST_ANSWER = 1 << 20


class WarmProcess:
    """Made by `start`. It ends when we do: its standard input is a pipe from us."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, command: Sequence[str | Path], log: Path) -> "WarmProcess":
        """Start `command`. What it prints to its standard error is added to `log`, which begins anew if it is long."""
        long = log.exists() and log.stat().st_size > LOG_BYTES
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}
        with log.open("wb" if long else "ab") as errors:
            process = await asyncio.create_subprocess_exec(
                *map(str, command), stdin=PIPE, stdout=PIPE, stderr=errors, env=environment, limit=LONGEST_ANSWER
            )
        return cls(process)

    @property
    def alive(self) -> bool:
        return self._process.returncode is None

    async def ask(self, line: bytes) -> bytes:
        """The line that answers `line`, both without their ends; empty where the process ended instead.

        Where this is cancelled the process must be ended: its next answer would be the one to this line.
        """
        assert self._process.stdin
        assert self._process.stdout
        try:
            self._process.stdin.write(line + b"\n")
            await self._process.stdin.drain()
            answer = await self._process.stdout.readline()
        except (OSError, ValueError):  # the pipe is broken, or what comes is no line
            return b""
        return answer.rstrip(b"\n") if answer.endswith(b"\n") else b""

    async def end(self, grace: float) -> int:
        """Let it end by itself within `grace` seconds, or kill it; returns its exit code, -N after signal N."""
        assert self._process.stdin
        self._process.stdin.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), grace)
        self.kill()
        return await self._process.wait()

    def kill(self) -> None:
        """End it now."""
        with suppress(ProcessLookupError):
            self._process.kill()
