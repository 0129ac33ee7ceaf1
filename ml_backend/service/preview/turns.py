"""Whose turn it is: one at a time, and of those that wait only the newest counts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ml_backend.errors import BackendError


class Superseded(BackendError):
    """A newer request came before this one had its turn."""


class Turns:
    """For one event loop's thread. `taken`: somebody has the turn."""

    def __init__(self) -> None:
        self.taken = False
        self._waiting: asyncio.Future[bool] | None = None

    @asynccontextmanager
    async def newest(self) -> AsyncIterator[None]:
        """Wait for the turn and have it for the block. Raises Superseded as soon as somebody else begins to wait."""
        await self._take()
        try:
            yield
        finally:
            self._pass_on()

    async def _take(self) -> None:
        if not self.taken:
            self.taken = True
            return
        if self._waiting and not self._waiting.done():
            self._waiting.set_result(False)
        turn = self._waiting = asyncio.get_running_loop().create_future()
        try:
            came = await turn
        except asyncio.CancelledError:
            if self._waiting is turn:
                self._waiting = None
            elif not turn.cancelled() and turn.result():
                self._pass_on()
            raise
        if not came:
            raise Superseded("A newer preview was asked for before this one had begun.", "Wait for that one.")

    def _pass_on(self) -> None:
        turn, self._waiting = self._waiting, None
        if turn and not turn.done():
            turn.set_result(True)
        else:
            self.taken = False
