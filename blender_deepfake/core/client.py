"""The backend's HTTP interface, spoken with the standard library."""

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import BackendRejectedError, BackendUnreachableError, DeepfakeError
from .sse import Event, parse

PROTOCOL = 1
FINAL_STATES = frozenset({"done", "failed", "refused", "cancelled"})
_ANSWER_SECONDS = 20.0
_SILENCE_SECONDS = 40.0  # the backend sends a keep-alive every 10 s
_RECONNECTS = 4

# A proxy of the user's environment must not see requests to this machine, nor the token in them.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Endpoint:
    """Where a running backend listens, as its endpoint file says."""

    url: str
    token: str
    pid: int
    protocol: int


def read_endpoint(workspace: Path) -> Endpoint | None:
    """The endpoint file of `workspace`; None when there is none or it is unreadable."""
    try:
        value = json.loads((workspace / "endpoint.json").read_text("utf-8"))
        return Endpoint(str(value["url"]), str(value["token"]), int(value["pid"]), int(value["protocol"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


@dataclass(frozen=True)
class Client:
    """Sends requests to one backend. Every method raises `DeepfakeError` or one of its kinds."""

    endpoint: Endpoint

    def status(self, timeout: float = _ANSWER_SECONDS) -> dict[str, Any]:
        """`{"protocol", "version", "pid", "device", "running", "queued"}`; other protocols raise."""
        status = self._json("GET", "/status", timeout=timeout)
        if status.get("protocol") != PROTOCOL:
            raise DeepfakeError(
                f"The backend speaks protocol {status.get('protocol')}, this extension speaks {PROTOCOL}.",
                "Install the backend and the extension of the same release.",
            )
        return status

    def submit(self, kind: str, request: dict[str, Any]) -> dict[str, Any]:
        """Queue a job of `kind` and return it."""
        return self._json("POST", "/jobs", {"kind": kind, "request": request})

    def jobs(self) -> list[dict[str, Any]]:
        return list(self._json("GET", "/jobs")["jobs"])

    def job(self, job_id: str) -> dict[str, Any]:
        return self._json("GET", f"/jobs/{job_id}")

    def cancel(self, job_id: str) -> dict[str, Any]:
        return self._json("POST", f"/jobs/{job_id}/cancel", {})

    def shutdown(self) -> None:
        self._json("POST", "/shutdown", {}, timeout=5.0)

    def events(self, job_id: str, after: int = 0) -> Iterator[Event]:
        """Yield the job's events after number `after` until its final state; reconnects when the line drops."""
        failures = 0
        while failures <= _RECONNECTS:
            try:
                with self._open("GET", f"/jobs/{job_id}/events?after={after}", None, _SILENCE_SECONDS) as answer:
                    for event in parse(answer):
                        after, failures = max(after, event.id), 0
                        yield event
                        if event.name == "state" and event.data.get("state") in FINAL_STATES:
                            return
            except (OSError, http.client.HTTPException, BackendUnreachableError):
                pass
            failures += 1
            time.sleep(min(0.2 * 2**failures, 3.0))
        raise BackendUnreachableError(
            "The backend stopped answering while the job ran.", "Start it again: finished work is kept and continued."
        )

    def _json(self, method: str, path: str, body: Any = None, timeout: float = _ANSWER_SECONDS) -> dict[str, Any]:
        try:
            with self._open(method, path, body, timeout) as answer:
                value: dict[str, Any] = json.loads(answer.read() or b"{}")
                return value
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise BackendUnreachableError(f"The backend at {self.endpoint.url} broke off: {error}.") from error

    def _open(self, method: str, path: str, body: Any, timeout: float) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.endpoint.url + path, data, method=method)
        request.add_header("Authorization", f"Bearer {self.endpoint.token}")
        request.add_header("Content-Type", "application/json")
        try:
            return _opener.open(request, timeout=timeout)
        except urllib.error.HTTPError as error:
            with error:
                raise _rejection(error.code, error.read()) from error
        except (OSError, http.client.HTTPException) as error:
            raise BackendUnreachableError(
                f"No backend answers at {self.endpoint.url}: {error}.", "Start it with the Start button."
            ) from error


def _rejection(status: int, body: bytes) -> BackendRejectedError:
    try:
        error = json.loads(body)["error"]
        return BackendRejectedError(status, str(error["code"]), str(error["message"]), str(error.get("fix") or ""))
    except (ValueError, KeyError, TypeError):
        text = body[:200].decode("utf-8", "replace")
        return BackendRejectedError(status, "http", f"The backend answered {status}: {text}")
