"""Starts the backend or attaches to the one that runs, and lets go of it."""

import contextlib
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from . import child_processes, protocol, roots
from .backend_command import find_program
from .client import Client, Endpoint, read_endpoint
from .errors import (
    BackendMissingError,
    BackendRejectedError,
    BackendUnreachableError,
    DeepfakeError,
    ProtocolMismatchError,
)

_START_SECONDS = 90.0
_PAUSE_SECONDS = 75.0  # the backend gives its jobs 60 s to reach a point where they can be paused
_LEAVE_SECONDS = 8.0
_END_SECONDS = 3.0


@dataclass
class Backend:
    """The backend of one workspace: attached to where one runs, started where none does.

    `connect` is called for something the user asked for, never by itself, so that a backend which dies at
    once is not started again and again.
    """

    workspace: Path
    preference: str = ""
    process: subprocess.Popen[bytes] | None = None
    client: Client | None = None
    status: dict[str, Any] = field(default_factory=dict)
    _line: Client | None = None  # the one client of all that follow jobs, also while nothing answers
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def log(self) -> Path:
        return self.workspace / "backend.log"

    @property
    def started_here(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def answering(self) -> bool:
        """Did it answer last, and does it live as far as one can see without asking?"""
        return self.client is not None and (self.process is None or self.started_here)

    def attach(self) -> Client | None:
        """Connect to a backend that already runs in this workspace; None when none answers."""
        endpoint = read_endpoint(self.workspace)
        if endpoint is None:
            return None
        try:
            protocol.check(endpoint.protocol, endpoint.version)
            self.status = Client(endpoint).status(timeout=5.0)
        except ProtocolMismatchError:
            if not _listens(endpoint):
                return None  # a dead one's file
            raise
        except BackendUnreachableError:
            return None
        except BackendRejectedError as error:
            if error.status in (401, 403):
                return None  # a dead one's port, given to another program
            raise
        if self._line is None or self._line.closed():
            self._line = Client(endpoint, self.workspace)
        self._line.endpoint = endpoint
        self.client = self._line
        return self._line

    def learn_devices(self, seconds: float = 30.0) -> None:
        """Wait until `status` tells what the backend computes with, which it finds out in its first seconds."""
        client, deadline = self.client, time.monotonic() + seconds
        while client is not None and client is self.client and time.monotonic() < deadline:
            self.status = client.status(timeout=5.0)
            if self.status.get("devices") is not None or client.closed(after=1.0):
                return

    def connect(self) -> Client:
        """Attach, or start the backend and wait until it answers."""
        with self._lock:
            return self.attach() or self._start()

    def _start(self) -> Client:
        command = find_program(self.preference)
        self.release_process()
        roots.make_private(self.workspace)
        # a process number means nothing in a container: there the end of the standard input tells of our end
        parent = ("--watch-stdin",) if command.wrapped else ("--parent-pid", str(os.getpid()))
        words = [*command.words, "serve", "--workspace", str(self.workspace), *parent]
        try:
            with self.log.open("ab") as log:
                self.process = subprocess.Popen(
                    words,
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=log,
                    env=child_processes.environment(),
                    **child_processes.own_group(),
                )
        except OSError as error:
            raise BackendMissingError(
                f"The backend {command} does not start: {error}.", "Check that the file may be executed."
            ) from error
        try:
            return self._first_answer(self.process)
        except DeepfakeError:
            self.release_process()
            raise

    def _first_answer(self, process: "subprocess.Popen[bytes]") -> Client:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            client = self.attach()
            if client is not None:
                return client
            if process.poll() is not None:
                raise DeepfakeError(
                    f"The backend ended with code {process.returncode} while starting: {self._last_line()}",
                    "The Check button in the extension's preferences tells more.",
                    log=str(self.log),
                )
            time.sleep(0.1)
        raise DeepfakeError(f"The backend did not answer within {_START_SECONDS:.0f} s.", log=str(self.log))

    def _last_line(self) -> str:
        with contextlib.suppress(OSError):
            lines = self.log.read_text("utf-8", "replace").splitlines()
            return next((line.strip() for line in reversed(lines) if line.strip()), "it wrote nothing.")
        return "it wrote nothing."

    def stop(self) -> None:
        """Stop the backend that answers in this workspace, whoever started it: the user asked for that.

        Its jobs are paused first, which may take a minute. Returns when it has ended.
        """
        client = self.client or self.attach()
        if client is not None and _asked_to_end(client) and not self.started_here:
            _wait(lambda: not _listens(client.endpoint), _PAUSE_SECONDS)
        self.release_process(_PAUSE_SECONDS)
        self.hang_up()

    def let_go(self) -> None:
        """Ask the backend that was started here to end; leave one that others started running.

        One whose jobs need longer than some seconds to pause ends by itself: Blender must not wait for it.
        """
        process = self.process
        if process is not None and self.started_here:
            client = self.client or self.attach()
            if client is not None and _asked_to_end(client):
                _close_input(process)
                _wait(lambda: process.poll() is not None, _LEAVE_SECONDS)
                self.process = None
            else:
                self.release_process()
        self.hang_up()

    def hang_up(self) -> None:
        """Tell what follows jobs that nothing more will come."""
        self.client = None
        if self._line is not None:
            self._line.close()

    def release_process(self, patience: float = _LEAVE_SECONDS) -> None:
        """End the process started here: its stdin closes, then after `patience` seconds it is ended by force."""
        process, self.process = self.process, None
        if process is None:
            return
        _close_input(process)
        if _wait(lambda: process.poll() is not None, patience):
            return
        process.terminate()
        if not _wait(lambda: process.poll() is not None, _END_SECONDS):
            process.kill()
            process.wait()


def _asked_to_end(client: Client) -> bool:
    try:
        client.shutdown()
    except DeepfakeError:
        return False
    return True


def _close_input(process: "subprocess.Popen[bytes]") -> None:
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()


def _listens(endpoint: Endpoint) -> bool:
    """Does anything listen there? Nothing is sent."""
    address = urlsplit(endpoint.url)
    try:
        socket.create_connection((str(address.hostname), address.port or 80), timeout=2.0).close()
    except (OSError, ValueError):
        return False
    return True


def _wait(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait until `condition` holds; False when it still does not after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.05)
    return True
