"""Server-sent events of one job."""

import asyncio
import json
import time
from collections.abc import AsyncIterator

from ml_backend.service.events import Event, EventReader
from ml_backend.service.protocol import FINAL
from ml_backend.service.scheduler import Scheduler

POLL = 0.05
KEEP_ALIVE = 10.0


async def stream(scheduler: Scheduler, id: str, after: int, closing: asyncio.Event) -> AsyncIterator[bytes]:
    """The job's events with ids above `after`, as they come. Always ends with the final state, if there is one."""
    reader = EventReader(scheduler.folder(id).events, after)
    spoken = time.monotonic()
    while True:
        job = scheduler.get(id)  # before the file: what ended before this line has all its events in it
        events = reader.read()
        for event in events or []:
            yield _spell(event)
            spoken = time.monotonic()
            if event.name == "state" and event.data.get("state") in FINAL:
                return
        if events is not None:
            continue
        if job is None or closing.is_set():
            return
        if job.state in FINAL:  # its event was read before, or a full disk swallowed it
            error = job.error and job.error.model_dump()
            yield _spell(Event(reader.last_id, "state", {"state": job.state, "result": job.result, "error": error}))
            return
        if time.monotonic() - spoken >= KEEP_ALIVE:
            yield b": still here\n\n"
            spoken = time.monotonic()
        await asyncio.sleep(POLL)


def _spell(event: Event) -> bytes:
    return f"id: {event.id}\nevent: {event.name}\ndata: {json.dumps(event.data)}\n\n".encode()
