"""The shapes that travel over HTTP."""

import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

PROTOCOL = 2
"""Rises with every change that an older client or service would misunderstand."""

State = Literal["queued", "running", "paused", "done", "failed", "refused", "cancelled"]
Wish = Literal["pause", "cancel"]
Ended = Literal["paused", "done", "failed", "refused", "cancelled"]
FINAL: frozenset[str] = frozenset({"done", "failed", "refused", "cancelled"})


class Problem(BaseModel):
    """What went wrong: a word for programs, a line for people, and what to do about it.

    reason: of a refusal for want of consent the rule, such as expired; null elsewhere.
    """

    code: str
    message: str
    fix: str = ""
    reason: str | None = None


class Ending(BaseModel):
    """How a run of a job ended: for good, or as paused."""

    state: Ended
    result: dict[str, Any] | None = None
    error: Problem | None = None


class ErrorAnswer(BaseModel):
    """The body of every 4xx and 5xx answer."""

    error: Problem


class Progress(BaseModel):
    """`done` of `total` units of `stage`; `seconds_left` for this stage, null while the rate is unknown."""

    stage: str
    done: float | None
    total: float | None
    figures: dict[str, float | None] = Field(default_factory=dict)
    seconds_left: float | None = None


class Job(BaseModel):
    """A job as the service tells it.

    `asked` is what a running job was asked to do and has not done yet; `place` counts from 1 in the queue and is null
    elsewhere. Times are UTC, ISO 8601; `started` and `ended` are those of the latest run. `attempts` counts the runs,
    `seconds` is the time that the runs took together, the present one left out.
    """

    id: str
    kind: str
    state: State
    asked: Wish | None = None
    place: int | None = None
    request: dict[str, Any]
    progress: Progress | None = None
    result: dict[str, Any] | None = None
    error: Problem | None = None
    log: str
    created: str
    started: str | None = None
    ended: str | None = None
    attempts: int = 0
    seconds: float = 0.0
    device: str | None = None


class JobList(BaseModel):
    jobs: list[Job]


class NewJob(BaseModel):
    """The body of POST /jobs; `request` is one of ml_backend.requests, fitting to `kind`.

    `key` is made up by the client. Sent again with the same key, as after a broken connection, the job is not made a
    second time.
    """

    model_config = ConfigDict(extra="forbid")

    kind: str
    request: dict[str, Any]
    key: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{1,64}$")

    @field_validator("request")
    @classmethod
    def _can_be_stored(cls, request: dict[str, Any]) -> dict[str, Any]:
        """Python's reader lets NaN and halves of surrogate pairs pass, which are no JSON."""
        try:
            json.dumps(request, ensure_ascii=False, allow_nan=False).encode()
        except UnicodeEncodeError as error:
            raise ValueError("holds text that is not Unicode") from error
        return request


class Move(BaseModel):
    """The body of POST /jobs/ID/move: the job before which the moved one should run; null puts it last."""

    model_config = ConfigDict(extra="forbid")

    before: str | None = Field(default=None, pattern=r"^[A-Za-z0-9-]{1,64}$")


class Removed(BaseModel):
    removed: str


class Stopping(BaseModel):
    state: Literal["stopping"] = "stopping"


class Device(BaseModel):
    """Something that trains: `name` as torch spells it, `label` for people."""

    name: str
    label: str
    memory_mb: float


class Status(BaseModel):
    """`device` (the kind of the first) and `devices` are null until they are known, some seconds after the start."""

    protocol: int = PROTOCOL
    version: str
    pid: int
    device: str | None
    devices: list[Device] | None
    running: int
    queued: int
    paused: int
    workspace: str
    roots: list[str]
