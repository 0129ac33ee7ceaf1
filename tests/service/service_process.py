"""A real service in its own process, and a small client for it."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ml_backend.service.endpoint import Endpoint, read_endpoint
from ml_backend.service.processes import alive

LAUNCH = (sys.executable, str(Path(__file__).with_name("launch.py")), "serve")
PRODUCT = (
    sys.executable,
    "-c",
    "import argparse, sys; from ml_backend.service.commands import add_serve_parser;"
    "parser = argparse.ArgumentParser();"
    "add_serve_parser(parser.add_subparsers()); args = parser.parse_args(); sys.exit(args.handler(args))",
    "serve",
)
ROOT = Path(__file__).parents[2]
PATIENCE = 60.0


def wait_for(condition: Callable[[], Any], what: str) -> Any:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"{what} did not happen within {PATIENCE} s")


class DidNotStart(Exception):
    """The service ended at once: what it said, and its exit code."""

    def __init__(self, text: str, code: int) -> None:
        super().__init__(text)
        self.code = code


class Running:
    """A service process on a workspace."""

    def __init__(
        self,
        workspace: Path,
        parent_pid: int | None = None,
        command: Sequence[str] | None = None,
        variables: dict[str, str] | None = None,
    ) -> None:
        self.workspace = workspace
        command = command or [*LAUNCH, str(workspace), *([str(parent_pid)] if parent_pid else [])]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **(variables or {})}
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE if parent_pid else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        )
        assert self.process.stdout
        assert self.process.stderr
        self.line = self.process.stdout.readline().decode()
        if not self.line:
            raise DidNotStart(self.process.stderr.read().decode(), self.process.wait(PATIENCE))

    @property
    def endpoint(self) -> Endpoint:
        endpoint = read_endpoint(self.workspace)
        assert endpoint
        return endpoint

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.endpoint.url.removeprefix("http://"), timeout=PATIENCE)

    def call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        connection = self.connect()
        try:
            sent = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
            token = {"Authorization": f"Bearer {self.endpoint.token}", "Content-Type": "application/json"}
            connection.request(method, path, sent, {**token, **(headers or {})})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def submit(self, kind: str, **request: Any) -> str:
        status, job = self.call("POST", "/jobs", {"kind": kind, "request": request})
        assert status == 201, job
        return str(job["id"])

    def job(self, id: str) -> dict[str, Any]:
        return self.call("GET", f"/jobs/{id}")[1]

    def ended(self, id: str) -> dict[str, Any]:
        """The job once it has ended."""
        final = ("done", "failed", "refused", "cancelled")
        job: dict[str, Any] = wait_for(lambda: (job := self.job(id))["state"] in final and job, f"the end of {id}")
        return job

    def progressing(self, id: str) -> dict[str, Any]:
        job: dict[str, Any] = wait_for(lambda: (job := self.job(id))["progress"] and job, f"progress of {id}")
        return job

    def worker_pid(self, id: str) -> int:
        lock = self.workspace / "jobs" / id / "worker.lock"
        return int(wait_for(lambda: lock.exists() and lock.read_text(), f"the process of {id}"))

    def events(self, id: str, after: int = 0, headers: dict[str, str] | None = None) -> Iterator[dict[str, Any]]:
        """The events of the job's stream until it ends: {"id", "event", "data"}."""
        connection = self.connect()
        try:
            token = {"Authorization": f"Bearer {self.endpoint.token}"}
            connection.request("GET", f"/jobs/{id}/events?after={after}", headers={**token, **(headers or {})})
            answer = connection.getresponse()
            assert answer.headers["Content-Type"].startswith("text/event-stream")
            event: dict[str, Any] = {}
            for raw in answer:
                line = raw.decode().rstrip("\n")
                if line.startswith(":"):
                    continue
                if not line:
                    if event:
                        yield {"id": int(event["id"]), "event": event["event"], "data": json.loads(event["data"])}
                    event = {}
                    continue
                name, _, value = line.partition(": ")
                event[name] = value
        finally:
            connection.close()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe:
                pipe.close()


def wait_until_gone(pid: int) -> None:
    wait_for(lambda: not alive(pid), f"the end of process {pid}")
