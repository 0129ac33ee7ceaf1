"""The shapes that travel over HTTP."""

import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

PROTOCOL = 1

State = Literal["queued", "running", "done", "failed", "refused", "cancelled"]
FINAL: frozenset[str] = frozenset({"done", "failed", "refused", "cancelled"})


class Problem(BaseModel):
    """What went wrong: a word for programs, a line for people, and what to do about it."""

    code: str
    message: str
    fix: str = ""


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
    """A job as the service tells it. Times are UTC, ISO 8601."""

    id: str
    kind: str
    state: State
    request: dict[str, Any]
    progress: Progress | None = None
    result: dict[str, Any] | None = None
    error: Problem | None = None
    log: str
    created: str
    started: str | None = None
    ended: str | None = None


class JobList(BaseModel):
    jobs: list[Job]


class NewJob(BaseModel):
    """The body of POST /jobs; `request` is one of ml_backend.requests, fitting to `kind`."""

    model_config = ConfigDict(extra="forbid")

    kind: str
    request: dict[str, Any]

    @field_validator("request")
    @classmethod
    def _can_be_stored(cls, request: dict[str, Any]) -> dict[str, Any]:
        """Python's reader lets NaN and halves of surrogate pairs pass, which are no JSON."""
        try:
            json.dumps(request, ensure_ascii=False, allow_nan=False).encode()
        except UnicodeEncodeError as error:
            raise ValueError("holds text that is not Unicode") from error
        return request


class Status(BaseModel):
    """`device` is null: only a job's process loads torch and knows."""

    protocol: int = PROTOCOL
    version: str
    pid: int
    device: Literal["cpu", "cuda", "mps"] | None = None
    running: int
    queued: int
