"""The life of a service: one for each workspace, from its lock to the end of its last process."""

import asyncio
import logging
import secrets
import socket
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from logging.handlers import RotatingFileHandler
from os import getpid
from pathlib import Path
from types import FrameType

import uvicorn
from fastapi import FastAPI

from ml_backend import __version__
from ml_backend.atomic import remove_leftovers
from ml_backend.errors import BackendError
from ml_backend.jobs import JOB_KINDS, JobKind
from ml_backend.service import file_lock
from ml_backend.service.cleanup import DEFAULT_KEEP_MB, clean
from ml_backend.service.devices import PROBE, find_devices
from ml_backend.service.endpoint import (
    STORE_NAME,
    Endpoint,
    answers,
    endpoint_path,
    private_workspace,
    publish,
    read_endpoint,
)
from ml_backend.service.parent import watch_parent
from ml_backend.service.preview.previews import Previews, PreviewTerms
from ml_backend.service.protocol import FINAL, PROTOCOL
from ml_backend.service.roots import Roots
from ml_backend.service.runner import WORKER, Grace
from ml_backend.service.scheduler import Scheduler
from ml_backend.service.store import Store, open_store
from ml_backend.service.web.app import Lifespan, create_app
from ml_backend.service.web.context import Facts, Service

STARTING_SECONDS = 5.0
CLEANING_SECONDS = 60.0


@dataclass(frozen=True)
class Terms:
    """On what terms a service runs.

    It ends with the process `parent_pid` and, where that or `watch_stdin` is set, with its standard input. `roots` are
    folders that jobs may use in this run besides those of roots.json. `keep_mb` is how much the jobs' logs and previews
    may take on the disk.
    """

    parent_pid: int | None = None
    watch_stdin: bool = False
    roots: tuple[Path, ...] = ()
    keep_mb: int = DEFAULT_KEEP_MB


@dataclass(frozen=True)
class Machinery:
    """What the service runs: its kinds of job, the commands of a job's process and of the search for devices (none:
    they stay unknown), how patient it is, and how it makes previews."""

    kinds: dict[str, JobKind] = field(default_factory=lambda: JOB_KINDS)
    worker: Sequence[str | Path] = WORKER
    probe: Sequence[str | Path] | None = PROBE
    grace: Grace = field(default_factory=Grace)
    previews: PreviewTerms = field(default_factory=PreviewTerms)


def serve(
    workspace: Path,
    terms: Terms | None = None,
    announce: Callable[[Endpoint], None] = lambda endpoint: None,
    machinery: Machinery | None = None,
) -> None:
    """Serve `workspace` until SIGINT, SIGTERM, POST /shutdown or the end that `terms` name.

    Calls `announce` when the service answers. Raises BackendError where another service has the workspace.
    """
    workspace = workspace.absolute()
    private_workspace(workspace)
    lock = _lock(workspace)
    try:
        remove_leftovers(workspace)
        _log_to(workspace / "service.log")
        with closing(open_store(workspace / STORE_NAME)) as store:
            asyncio.run(_Life(workspace, store, terms or Terms(), machinery or Machinery()).run(announce))
    finally:
        endpoint_path(workspace).unlink(missing_ok=True)
        lock.release()


def _lock(workspace: Path) -> file_lock.FileLock:
    """Hold the workspace, or raise BackendError that tells which service does."""
    lock = file_lock.acquire(workspace / "service.lock")
    until = time.monotonic() + STARTING_SECONDS
    while True:
        endpoint = read_endpoint(workspace)
        if endpoint and answers(endpoint):  # even with the lock: somebody may have deleted its file
            raise BackendError(
                f"A service already runs on {workspace}: {endpoint.url} (process {endpoint.pid}).",
                "Use that one, stop it first, or give another --workspace.",
            )
        if lock:
            return lock
        if time.monotonic() >= until:
            holder = file_lock.holder(workspace / "service.lock")
            raise BackendError(
                f"A service holds {workspace} but does not answer (process {holder}).",
                "Wait a moment if it is just starting or stopping; else end that process and try again.",
            )
        time.sleep(0.2)
        lock = file_lock.acquire(workspace / "service.lock")


def _log_to(path: Path) -> None:
    logging.raiseExceptions = False  # on a full disk, what cannot be logged is not to be said elsewhere either
    handler = RotatingFileHandler(path, maxBytes=1 << 20, backupCount=1, encoding="utf-8")
    logging.basicConfig(
        level=logging.INFO, handlers=[handler], format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )


class _Server(uvicorn.Server):
    """Leaves the meaning of signals to us: jobs end before connections do, so that clients hear of it."""

    def __init__(self, config: uvicorn.Config, on_signal: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_signal = on_signal

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._on_signal()


class _Life:
    """One run of the service."""

    def __init__(self, workspace: Path, store: Store, terms: Terms, machinery: Machinery) -> None:
        self._workspace = workspace
        self._store = store
        self._terms = terms
        self._machinery = machinery
        self._roots = Roots(workspace, terms.roots)
        self._scheduler = Scheduler(
            store,
            workspace / "jobs",
            self._roots,
            kinds=machinery.kinds,
            worker=machinery.worker,
            grace=machinery.grace,
        )
        self._previews = Previews(workspace / "preview.log", machinery.previews, self._scheduler.heavy_at_work)
        self._facts = Facts()
        self._obstacle: Exception | None = None
        self._stop = asyncio.Event()
        self._closing = asyncio.Event()

    async def run(self, announce: Callable[[Endpoint], None]) -> None:
        """From the first socket to the last process."""
        loop = asyncio.get_running_loop()
        with _listen() as listener:
            endpoint = _new_endpoint(listener)

            @asynccontextmanager
            async def lifespan(app: FastAPI) -> AsyncIterator[None]:
                try:
                    self._scheduler.start()
                    publish(self._workspace, endpoint)
                except (sqlite3.Error, OSError) as error:
                    self._obstacle = error
                    raise
                if self._terms.parent_pid is not None or self._terms.watch_stdin:
                    watch_parent(self._terms.parent_pid, lambda: _from_outside(loop, self._stop.set))
                announce(endpoint)
                yield

            server = _Server(self._config(endpoint, lifespan), lambda: _from_outside(loop, self._on_signal))
            serving = asyncio.create_task(server.serve([listener]))
            stopping = asyncio.create_task(self._stop.wait())
            beside = [
                asyncio.create_task(work) for work in (self._keep_clean(), self._find_devices(), self._previews.keep())
            ]
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.gather(self._previews.stop(), self._scheduler.stop())
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            self._closing.set()
            server.should_exit = True
            await serving
        if not server.started:
            raise BackendError(
                f"The service could not start: {self._obstacle or 'its log tells why'}.",
                f"See to it that the disk of {self._workspace} has some space; the log is service.log there.",
            ) from self._obstacle

    async def _find_devices(self) -> None:
        if self._machinery.probe:
            self._facts.devices = await find_devices(self._machinery.probe)
            self._scheduler.use_devices(self._facts.devices or [])

    async def _keep_clean(self) -> None:
        jobs = self._workspace / "jobs"
        while True:
            known = self._store.all()
            ended = sorted((job for job in known if job.state in FINAL), key=lambda job: job.ended or "")
            running = [job.id for job in known if job.state not in FINAL]
            await asyncio.to_thread(clean, jobs, [job.id for job in ended], running, self._terms.keep_mb << 20)
            await asyncio.sleep(CLEANING_SECONDS)

    def _config(self, endpoint: Endpoint, lifespan: Lifespan) -> uvicorn.Config:
        service = Service(
            self._store,
            self._scheduler,
            self._previews,
            self._machinery.kinds,
            roots=self._roots,
            facts=self._facts,
            endpoint=endpoint,
            stop=self._stop,
            closing=self._closing,
        )
        return uvicorn.Config(
            create_app(service, lifespan),
            loop="asyncio",
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=3,
        )

    def _on_signal(self) -> None:
        if self._stop.is_set():  # asked twice: no patience left
            self._scheduler.kill_all()
            self._previews.kill()
        self._stop.set()


def _listen() -> socket.socket:
    """A socket on the loopback address, its port given by the system.

    The protocol is named because asyncio sends small answers at once only on sockets that say they are TCP; otherwise
    each waits 40 ms for the client's acknowledgement of the part before.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(512)
    return listener


def _new_endpoint(listener: socket.socket) -> Endpoint:
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    return Endpoint(url, secrets.token_urlsafe(32), getpid(), PROTOCOL, __version__)


def _from_outside(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    """Have the loop's thread make `call`; a loop that has ended needs no telling."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(call)
