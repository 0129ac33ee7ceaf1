"""A job's folder: what the service and the job's process tell each other through files.

job.json        what to do: kind, request, key, roots   (service)
events.jsonl    what happened, a line an event          (service before and after, the process in between)
log.txt         the process's output; log.1.txt holds the part before it grew too long
previews/       the pictures of preview events          (process)
stop            asks the process to stop: it holds the wish, pause or cancel   (service)
outcome.json    how it ended, written whole, last       (process, or the service where the process could not)
worker.lock     locked while the process lives; holds its pid

The folders are the truth about jobs: the store can be made again from them.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ml_backend.atomic import remove_leftovers, write_bytes, write_json
from ml_backend.service.protocol import Ended, Ending, NewJob, Wish


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
    def older_log(self) -> Path:
        return self.path / "log.1.txt"

    @property
    def previews(self) -> Path:
        return self.path / "previews"

    @property
    def lock(self) -> Path:
        return self.path / "worker.lock"

    def write_job(self, new: NewJob, roots: Sequence[Path]) -> None:
        content = new.model_dump() | {"roots": [str(root) for root in roots]}
        write_json(self.path / "job.json", content)

    def read_job(self) -> dict[str, Any]:
        """Raises OSError or ValueError where the file is missing or damaged."""
        job: dict[str, Any] = json.loads((self.path / "job.json").read_bytes())
        return job

    def read_new(self) -> NewJob:
        """The job as it was sent. Raises as read_job does."""
        job = self.read_job()
        return NewJob.model_validate({name: job.get(name) for name in NewJob.model_fields})

    def ask_to(self, wish: Wish) -> None:
        """Ask the process to stop at its next safe point, and say what shall become of the job."""
        write_bytes(self.path / "stop", wish.encode())

    def asked(self) -> Wish | None:
        """What the process was asked to do, if it was."""
        try:
            wish = (self.path / "stop").read_bytes()
        except FileNotFoundError:
            return None
        return "pause" if wish == b"pause" else "cancel"

    def tidy(self) -> None:
        """Delete the unfinished files of a process that was killed; only while none writes here."""
        remove_leftovers(self.path)
        remove_leftovers(self.previews)

    def reopen(self) -> None:
        """Make the job ready to run again: it was not asked to stop and has not ended."""
        for name in ("stop", "outcome.json"):
            (self.path / name).unlink(missing_ok=True)

    def write_outcome(self, state: Ended, content: bytes = b"null") -> None:
        """`content` is the JSON of the result where state is done, of the Problem or null otherwise."""
        key = "result" if state == "done" else "error"
        outcome = b'{"state":"%s","%s":%s}\n' % (state.encode(), key.encode(), content)
        write_bytes(self.path / "outcome.json", outcome)

    def write_ending(self, ending: Ending) -> None:
        write_bytes(self.path / "outcome.json", ending.model_dump_json().encode() + b"\n")

    def read_outcome(self) -> Ending | None:
        """How the job ended; None where it has not, and where the file is damaged: then the job runs again."""
        try:
            return Ending.model_validate_json((self.path / "outcome.json").read_bytes())
        except (FileNotFoundError, ValidationError):
            return None

    def ending(self) -> Ending | None:
        """How the job ended by its own account, or because it was asked to; None where neither is known."""
        outcome = self.read_outcome()
        wish = self.asked()
        return outcome or (None if wish is None else Ending(state="paused" if wish == "pause" else "cancelled"))
