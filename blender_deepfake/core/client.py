"""The backend's HTTP interface, spoken with the standard library."""

import http.client
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import protocol
from .errors import (
    BackendRejectedError,
    BackendUnreachableError,
    DeepfakeError,
    ProtocolMismatchError,
    RefusedError,
)
from .protocol import PROTOCOL
from .sse import Event, parse

FINAL_STATES = frozenset({"done", "failed", "refused", "cancelled"})
_ANSWER_SECONDS = 20.0
_PREVIEW_SECONDS = 300.0  # longer than the backend waits for two processes that hang
_SILENCE_SECONDS = 40.0  # the backend sends a keep-alive every 10 s
_SENT_AGAIN = 2
_EVENTS = frozenset({"progress", "message", "log", "preview", "state"})

# A proxy of the user's environment must not see requests to this machine, nor the token in them.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Endpoint:
    """Where a running backend listens, as its endpoint file says."""

    url: str
    token: str
    pid: int
    protocol: int
    version: str = ""


def read_endpoint(workspace: Path) -> Endpoint | None:
    """The endpoint file of `workspace`; None when there is none or it is unreadable."""
    try:
        value = json.loads((workspace / "endpoint.json").read_text("utf-8"))
        return Endpoint(
            str(value["url"]),
            str(value["token"]),
            int(value["pid"]),
            int(value["protocol"]),
            str(value.get("version") or ""),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


@dataclass
class Client:
    """Sends requests to the backend of one workspace. Every method raises `DeepfakeError` or one of its kinds.

    Where the backend died and another one serves the `workspace`, the client goes over to that one. `patience` is
    how many seconds a stream of events waits for one to answer. Several threads may use one client.
    """

    endpoint: Endpoint
    workspace: Path | None = None
    patience: float = 15.0
    _closed: threading.Event = field(default_factory=threading.Event)

    def status(self, timeout: float = _ANSWER_SECONDS) -> dict[str, Any]:
        """`{"protocol", "version", "pid", "device", "devices", "running", "queued", "paused", "workspace", "roots"}`,
        where device and devices are None while they are not known."""
        status = self._json("GET", "/status", timeout=timeout)
        protocol.check(status.get("protocol"), str(status.get("version") or ""))
        return status

    def submit(self, kind: str, request: dict[str, Any], key: str) -> dict[str, Any]:
        """Queue a job of `kind` and return it. With the same `key` the job is made once, however often it is sent."""
        body = {"kind": kind, "request": request, "key": key}
        return self._json("POST", "/jobs", body, sent_again=_SENT_AGAIN)

    def jobs(self) -> list[dict[str, Any]]:
        """All jobs that the backend knows, the oldest first."""
        return list(self._json("GET", "/jobs", sent_again=1)["jobs"])

    def job(self, job_id: str) -> dict[str, Any]:
        return self._json("GET", f"/jobs/{job_id}", sent_again=1)

    def cancel(self, job_id: str) -> dict[str, Any]:
        """Ask the job to end at its next safe point; one that has ended is left as it is."""
        return self._json("POST", f"/jobs/{job_id}/cancel", {}, sent_again=1)

    def pause(self, job_id: str) -> dict[str, Any]:
        """Ask the job to stop at its next safe point, to be resumed later."""
        return self._json("POST", f"/jobs/{job_id}/pause", {})

    def resume(self, job_id: str) -> dict[str, Any]:
        """Queue a paused job again."""
        return self._json("POST", f"/jobs/{job_id}/resume", {})

    def retry(self, job_id: str) -> dict[str, Any]:
        """Queue a job again that failed, was refused or cancelled: it goes on where it was."""
        return self._json("POST", f"/jobs/{job_id}/retry", {})

    def move(self, job_id: str, before: str | None) -> list[dict[str, Any]]:
        """Put a queued job before another queued one, or last where `before` is None; return all jobs."""
        return list(self._json("POST", f"/jobs/{job_id}/move", {"before": before})["jobs"])

    def remove(self, job_id: str) -> None:
        """Forget an ended job with its log and previews. What it made stays."""
        self._json("DELETE", f"/jobs/{job_id}")

    def job_preview(self, job_id: str, number: int) -> bytes:
        """The picture (PNG) of a preview event whose `picture` is `number`."""
        return self._read("GET", f"/jobs/{job_id}/previews/{number}", None, _ANSWER_SECONDS)

    def preview(self, request: dict[str, Any]) -> dict[str, Any]:
        """Render one frame as a swap would and wait for it; `request` is a PreviewRequest of the backend.

        Answers `{"out", "layer", "seconds", "faces", "steadied", "warm", "message"}`: the frame as the edit would show
        it, the RGBA layer over it, and how it went. Raises RefusedError without consent, and BackendRejectedError
        whose `code` is "superseded" where a newer one was asked for before this one had begun: wait for that one.
        """
        try:
            return self._json("POST", "/preview", request, timeout=_PREVIEW_SECONDS, sent_again=1)
        except BackendRejectedError as error:
            if error.code == "refused":
                raise RefusedError(error.message, error.fix) from error
            raise

    def shutdown(self) -> None:
        """Ask the backend to pause its jobs and end."""
        self._json("POST", "/shutdown", {}, timeout=5.0)

    def events(self, job_id: str, after: int = 0) -> Iterator[Event]:
        """Yield the job's events after number `after` until its final state; reconnects when the line drops.

        Events with names that this client does not know are passed over.
        """
        failures, lost = 0, 0.0

        def lines(answer: Iterable[bytes]) -> Iterator[bytes]:
            nonlocal failures
            for line in answer:
                if self._closed.is_set():
                    raise BackendUnreachableError("The backend was let go.")
                failures = 0
                yield line

        while True:
            endpoint = self.endpoint
            try:
                with self._open("GET", f"/jobs/{job_id}/events?after={after}", None, _SILENCE_SECONDS) as answer:
                    for event in parse(lines(answer)):
                        after = max(after, event.id)
                        if event.name in _EVENTS:
                            yield event
                        if event.name == "state" and event.data.get("state") in FINAL_STATES:
                            return
            except BackendRejectedError:
                if not self._moved(endpoint):  # a new backend may listen where the old one did
                    raise
            except (OSError, ValueError, http.client.HTTPException, BackendUnreachableError):
                pass
            now = time.monotonic()
            lost = now if failures == 0 else lost
            if now - lost >= self.patience:
                raise BackendUnreachableError(
                    "The backend stopped answering while the job ran.",
                    "Start it again: finished work is kept and continued.",
                )
            failures += 1
            if self._closed.wait(min(0.1 * 2**failures, 2.0)):
                raise BackendUnreachableError("The backend was stopped.", "Start it again: the job goes on.")
            self._moved(endpoint)

    def close(self) -> None:
        """Let streams whose line drops end at once instead of waiting for a backend to answer."""
        self._closed.set()

    def closed(self, after: float = 0.0) -> bool:
        """Was it closed, at the latest `after` seconds from now?"""
        return self._closed.wait(after)

    def _moved(self, from_endpoint: Endpoint) -> bool:
        """Does another backend than that at `from_endpoint` serve the workspace? Then go over to it."""
        if self.endpoint is not from_endpoint:
            return True  # another thread has noticed
        found = read_endpoint(self.workspace) if self.workspace else None
        if found is None or found == from_endpoint:
            return False
        protocol.check(found.protocol, found.version)
        self.endpoint = found
        return True

    def _json(
        self, method: str, path: str, body: Any = None, timeout: float = _ANSWER_SECONDS, sent_again: int = 0
    ) -> dict[str, Any]:
        """The answer's JSON. Only what may reach the backend twice is sent again after a broken connection."""
        for attempt in range(sent_again + 1):
            endpoint = self.endpoint
            try:
                value: dict[str, Any] = json.loads(self._read(method, path, body, timeout) or b"{}")
                return value
            except ValueError as error:
                raise DeepfakeError(f"The backend at {endpoint.url} answered what is no JSON: {error}.") from error
            except BackendUnreachableError:
                if attempt == sent_again:
                    raise
                self._closed.wait(0.3)
                self._moved(endpoint)
            except BackendRejectedError as error:
                if error.status != 401 or attempt == sent_again or not self._moved(endpoint):
                    raise
        raise AssertionError("unreachable")

    def _read(self, method: str, path: str, body: Any, timeout: float) -> bytes:
        try:
            with self._open(method, path, body, timeout) as answer:
                content: bytes = answer.read()
                return content
        except (OSError, http.client.HTTPException) as error:
            raise BackendUnreachableError(f"The backend at {self.endpoint.url} broke off: {error}.") from error

    def _open(self, method: str, path: str, body: Any, timeout: float) -> Any:
        data = None if body is None else json.dumps(body).encode()
        endpoint = self.endpoint
        request = urllib.request.Request(endpoint.url + path, data, method=method)
        request.add_header("Authorization", f"Bearer {endpoint.token}")
        request.add_header("Content-Type", "application/json")
        request.add_header(protocol.HEADER, str(PROTOCOL))
        try:
            return _opener.open(request, timeout=timeout)
        except urllib.error.HTTPError as error:
            with error:
                raise _rejection(error.code, error.read()) from error
        except (OSError, http.client.HTTPException) as error:
            raise BackendUnreachableError(
                f"No backend answers at {endpoint.url}: {error}.", "Start it with the Start button."
            ) from error


def _rejection(status: int, body: bytes) -> DeepfakeError:
    try:
        error = json.loads(body)["error"]
        code, message, fix = str(error["code"]), str(error["message"]), str(error.get("fix") or "")
    except (ValueError, KeyError, TypeError, AttributeError):
        text = body[:200].decode("utf-8", "replace")
        return BackendRejectedError(status, "http", f"The backend answered {status}: {text}")
    if code == "protocol_mismatch":
        return ProtocolMismatchError(message, fix)
    return BackendRejectedError(status, code, message, fix)
