"""A job's folder: what the service and the job's process tell each other through files.

job.json        what to do: id, kind, request           (service)
events.jsonl    what happened, a line an event          (service before and after, the process in between)
log.txt         the process's output                    (process)
cancel          its presence asks the process to stop   (service)
outcome.json    how it ended, written whole, last       (process)
worker.lock     locked while the process lives; holds its pid
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml_backend.atomic import write_bytes, write_json


@dataclass(frozen=True)
class JobFolder:
    path: Path

    @property
    def events(self) -> Path:
        return self.path / "events.jsonl"

    @property
    def log(self) -> Path:
        return self.path / "log.txt"

    @property
    def lock(self) -> Path:
        return self.path / "worker.lock"

    def write_job(self, id: str, kind: str, request: dict[str, Any]) -> None:
        write_json(self.path / "job.json", {"id": id, "kind": kind, "request": request})

    def read_job(self) -> dict[str, Any]:
        job: dict[str, Any] = json.loads((self.path / "job.json").read_bytes())
        return job

    def ask_to_stop(self) -> None:
        write_bytes(self.path / "cancel", b"")

    def stop_asked(self) -> bool:
        return (self.path / "cancel").exists()

    def write_outcome(self, state: str, content: bytes) -> None:
        """`content` is the JSON of the result where state is done, of the Problem otherwise."""
        key = "result" if state == "done" else "error"
        outcome = b'{"state":"%s","%s":%s}\n' % (state.encode(), key.encode(), content)
        write_bytes(self.path / "outcome.json", outcome)

    def read_outcome(self) -> dict[str, Any] | None:
        """How the process ended, by its own account; None where it did not get to say."""
        try:
            outcome: dict[str, Any] = json.loads((self.path / "outcome.json").read_bytes())
        except FileNotFoundError:
            return None
        return outcome
