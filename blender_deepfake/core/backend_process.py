"""Finds the backend program, starts it or attaches to the one that runs, and lets go of it."""

import contextlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .client import Client, read_endpoint
from .errors import BackendMissingError, BackendUnreachableError, DeepfakeError

PROGRAM = "ml-backend"
_START_SECONDS = 90.0
_STOP_SECONDS = 8.0


def find_program(preference: str = "", environ: Mapping[str, str] = os.environ) -> Path:
    """The backend's executable: the preference, else `DEEPFAKE_BACKEND`, else `ml-backend` on the PATH.

    The first two name an executable or the folder of the virtual environment it is installed in.
    """
    for text, origin in ((preference, "the backend path"), (environ.get("DEEPFAKE_BACKEND", ""), "DEEPFAKE_BACKEND")):
        if text.strip():
            return _in_environment(Path(text.strip()).expanduser(), origin)
    found = shutil.which(PROGRAM, path=environ.get("PATH"))
    if found is None:
        raise BackendMissingError(
            "The backend was not found on this machine.",
            f"Install it, then put {PROGRAM} on the PATH or give the folder of its virtual environment "
            "in the extension's preferences (command line: --backend PATH).",
        )
    return Path(found)


def _in_environment(path: Path, origin: str) -> Path:
    candidates = [path] if path.is_file() else [path / "bin" / PROGRAM, path / "Scripts" / f"{PROGRAM}.exe"]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise BackendMissingError(
        f"There is no {PROGRAM} at {path} (from {origin}).",
        "Give the executable itself or the folder of the virtual environment that the backend is installed in.",
    )


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
        client = Client(endpoint)
        try:
            self.status = client.status(timeout=5.0)
        except BackendUnreachableError:
            return None
        self.client = client
        return client

    def connect(self) -> Client:
        """Attach, or start the backend and wait until it answers."""
        with self._lock:
            return self.attach() or self._start()

    def _start(self) -> Client:
        program = find_program(self.preference)
        self.release_process()
        self._make_workspace()
        command = [str(program), "serve", "--workspace", str(self.workspace), "--parent-pid", str(os.getpid())]
        try:
            with self.log.open("ab") as log:
                self.process = subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=log, stderr=log, env=_clean_environment(), **_own_group()
                )
        except OSError as error:
            raise BackendMissingError(
                f"The backend {program} does not start: {error}.", "Check that the file may be executed."
            ) from error
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            client = self.attach()
            if client is not None:
                return client
            if self.process.poll() is not None:
                code = self.process.returncode
                raise DeepfakeError(
                    f"The backend ended with code {code} while starting: {self._last_line()}", log=str(self.log)
                )
            time.sleep(0.1)
        self.release_process()
        raise DeepfakeError(f"The backend did not answer within {_START_SECONDS:.0f} s.", log=str(self.log))

    def _make_workspace(self) -> None:
        """A new or empty folder becomes the user's alone: the backend keeps its token there, and takes no other."""
        self.workspace.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not any(self.workspace.iterdir()):
            self.workspace.chmod(0o700)

    def _last_line(self) -> str:
        with contextlib.suppress(OSError):
            lines = self.log.read_text("utf-8", "replace").splitlines()
            return next((line.strip() for line in reversed(lines) if line.strip()), "it wrote nothing.")
        return "it wrote nothing."

    def stop(self) -> None:
        """Stop the backend that answers in this workspace, whoever started it: the user asked for that."""
        client = self.client or self.attach()
        if client is not None:
            with contextlib.suppress(DeepfakeError):
                client.shutdown()
        self.release_process()
        self.client = None

    def let_go(self) -> None:
        """Stop the backend that was started here; leave one that others started running."""
        if self.started_here:
            self.stop()
        self.client = None

    def release_process(self) -> None:
        """End the process started here: its stdin closes, then it is terminated, then killed."""
        process, self.process = self.process, None
        if process is None:
            return
        if process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)
            return
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(3.0)
            return
        process.kill()
        process.wait()


def _clean_environment() -> dict[str, str]:
    """Blender's own Python variables would lead the backend's Python to the wrong modules."""
    return {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONHOME")}


def _own_group() -> dict[str, Any]:
    """Ctrl-C in a terminal must reach Blender alone: it then ends the backend in order."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}
