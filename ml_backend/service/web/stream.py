"""Server-sent events of jobs.

A job's file of events is read once for all clients that follow the job, a channel for each job; a client that comes
later, or cannot keep up, reads the file itself until it has caught up with the channel.
"""

import asyncio
import json
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from ml_backend.service.job.events import Event, EventReader
from ml_backend.service.protocol import FINAL
from ml_backend.service.scheduler import Scheduler

POLL = 0.02
KEEP_ALIVE = 10.0
HISTORY_BYTES = 1 << 16
MOST_WAITING = 64
"""Chunks that may wait for a slow client; one that falls further behind reads the file when it is ready."""


@dataclass(frozen=True)
class Chunk:
    """Events as they are sent. `ids` are theirs; a comment has none."""

    ids: tuple[int, ...]
    lines: tuple[bytes, ...]
    last: bool = False

    def after(self, id: int) -> bytes:
        """What a client that has seen the events up to `id` does not know yet."""
        if not self.ids or self.ids[0] > id:
            return b"".join(self.lines)
        return b"".join(line for own, line in zip(self.ids, self.lines, strict=True) if own > id)


class Client:
    """The chunks that wait for one client."""

    def __init__(self) -> None:
        self._waiting: deque[Chunk] = deque()
        self._news = asyncio.Event()
        self.behind = True

    def put(self, chunk: Chunk) -> None:
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.clear()
            self.behind = True
        self._waiting.append(chunk)
        self._news.set()

    async def next(self) -> Chunk:
        while not self._waiting:
            self._news.clear()
            await self._news.wait()
        return self._waiting.popleft()


class Channel:
    """Reads one job's events and hands them to its clients."""

    def __init__(self, scheduler: Scheduler, id: str, closing: asyncio.Event) -> None:
        self.clients: set[Client] = set()
        self._scheduler = scheduler
        self._id = id
        self._closing = closing
        self._reader = EventReader(scheduler.folder(id).events)
        while self._reader.read() is not None:  # clients read for themselves what was there before they came
            pass

    async def run(self) -> None:
        """Until the job has ended, is gone, or the service closes."""
        reader = self._reader
        spoken = time.monotonic()
        while True:
            state = self._scheduler.state(self._id)  # before the file: what ended before now has all its events in it
            closing = self._closing.is_set()
            events = reader.read()
            if events is None and (state is None or state in FINAL or closing):
                self._tell(Chunk((), self._farewell(reader.last_id), last=True))
                return
            if events:
                self._tell(chunk(events))
                spoken = time.monotonic()
            elif time.monotonic() - spoken >= KEEP_ALIVE:
                self._tell(Chunk((), (b": still here\n\n",)))
                spoken = time.monotonic()
            if events is None:
                await asyncio.sleep(POLL)

    def _tell(self, news: Chunk) -> None:
        if news.lines or news.last:
            for client in self.clients:
                client.put(news)

    def _farewell(self, id: int) -> tuple[bytes, ...]:
        """The final state, as the store has it."""
        job = self._scheduler.get(self._id)
        if job is None or job.state not in FINAL:
            return ()
        error = job.error and job.error.model_dump()
        data = {"state": job.state, "result": job.result, "error": error, "time": job.ended}
        return (spell(Event(id, "state", data)),)


class Streams:
    """The channels of the jobs that are followed."""

    def __init__(self, scheduler: Scheduler, closing: asyncio.Event) -> None:
        self._scheduler = scheduler
        self._closing = closing
        self._channels: dict[str, tuple[Channel, asyncio.Task[None]]] = {}

    async def follow(self, id: str, after: int) -> AsyncIterator[bytes]:
        """The job's events with ids above `after`, as they come, and at last its final state, if it gets to one."""
        client = Client()
        channel = self._join(id, client)
        news: Chunk | None = None
        try:
            while True:
                if client.behind:
                    client.behind = False
                    reader = EventReader(self._scheduler.folder(id).events, after)
                    while (events := reader.read(HISTORY_BYTES)) is not None:
                        if history := chunk(events).after(after):
                            yield history
                        await asyncio.sleep(0)
                    after = reader.last_id
                if news and (text := news.after(after)):
                    yield text
                if news and news.last:
                    return
                if news and news.ids:
                    after = max(after, news.ids[-1])
                news = await client.next()
        finally:
            self._leave(id, channel, client)

    def _join(self, id: str, client: Client) -> Channel:
        channel, task = self._channels.get(id, (None, None))
        if channel is None or task is None or task.done():
            channel = Channel(self._scheduler, id, self._closing)
            self._channels[id] = channel, asyncio.create_task(channel.run())
        channel.clients.add(client)
        return channel

    def _leave(self, id: str, channel: Channel, client: Client) -> None:
        channel.clients.discard(client)
        current, task = self._channels.get(id, (None, None))
        if task and current is channel and not channel.clients:
            task.cancel()
            del self._channels[id]


def chunk(events: Sequence[Event]) -> Chunk:
    """The events as text. Final states are left out: an older one says nothing of a job that was tried again, and the
    present one comes from the store, at the end."""
    told = [event for event in events if not (event.name == "state" and event.data.get("state") in FINAL)]
    return Chunk(tuple(event.id for event in told), tuple(map(spell, told)))


def spell(event: Event) -> bytes:
    return f"id: {event.id}\nevent: {event.name}\ndata: {json.dumps(event.data)}\n\n".encode()
