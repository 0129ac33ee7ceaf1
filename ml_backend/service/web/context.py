"""What the endpoints work with."""

import asyncio
from dataclasses import dataclass

from ml_backend.jobs import JobKind
from ml_backend.service.endpoint import Endpoint
from ml_backend.service.preview.previews import Previews
from ml_backend.service.protocol import Device
from ml_backend.service.roots import Roots
from ml_backend.service.scheduler import Scheduler
from ml_backend.service.store import Store


@dataclass
class Facts:
    """What the service learns after its start."""

    devices: list[Device] | None = None


@dataclass(frozen=True)
class Service:
    """One service. Setting `stop` ends it, and it takes no more jobs; `closing` is set when its jobs have ended."""

    store: Store
    scheduler: Scheduler
    previews: Previews
    kinds: dict[str, JobKind]
    roots: Roots
    facts: Facts
    endpoint: Endpoint
    stop: asyncio.Event
    closing: asyncio.Event
