"""One job from start to end: render the plate if need be, send the request, follow the events."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from . import rendering, roots
from .client import FINAL_STATES, Client
from .errors import (
    BackendRejectedError,
    BackendUnreachableError,
    CancelledError,
    DeepfakeError,
    OutsideRootsError,
    PausedError,
    RefusedError,
    UsageError,
)
from .rendering import PlateRender

RENDER_STAGE = "render plate"


@dataclass(frozen=True)
class JobSpec:
    """What to ask the backend for. `label` is for people; `render` comes before the request is sent."""

    kind: str
    request: dict[str, Any]
    label: str
    render: PlateRender | None = None
    note: str = ""


@dataclass(frozen=True)
class Update:
    """What became known since the last one; None means unchanged. `texts` are the job's messages, `after` is the number
    of the last event."""

    state: str | None = None
    stage: str | None = None
    done: float = 0.0
    total: float = 0.0
    seconds_left: float | None = None
    figures: dict[str, float] = field(default_factory=dict)
    texts: tuple[str, ...] = ()
    preview: str | None = None
    job: dict[str, Any] | None = None
    after: int | None = None

    def then(self, later: "Update") -> "Update":
        """Both as one: what `later` does not tell stays as it was."""
        progress = self if later.stage is None else later
        return Update(
            state=later.state or self.state,
            stage=progress.stage,
            done=progress.done,
            total=progress.total,
            seconds_left=progress.seconds_left,
            figures=progress.figures,
            texts=(*self.texts, *later.texts),
            preview=later.preview or self.preview,
            job=later.job or self.job,
            after=self.after if later.after is None else later.after,
        )


Tell = Callable[[Update], None]


def run(
    spec: JobSpec,
    connect: Callable[[], Client],
    tell: Tell,
    should_stop: Callable[[], bool],
    through_pauses: bool = False,
) -> dict[str, Any]:
    """Run `spec` and return the job's result. Raises as `follow` does. Blocks: call it in a thread."""
    if spec.render is not None:
        tell(Update(state="running"))
        rendering.run(spec.render, lambda done, total: tell(_rendered(done, total)), should_stop)
    tell(Update(state="connecting"))
    client = connect()
    job = _submit(client, spec)
    tell(Update(state=str(job["state"]), job=job))
    if should_stop():
        client.cancel(job["id"])
    return follow(client, str(job["id"]), 0, tell, through_pauses)


def _submit(client: Client, spec: JobSpec) -> dict[str, Any]:
    try:
        return client.submit(spec.kind, spec.request, uuid4().hex)
    except BackendRejectedError as error:
        if error.code != "outside_roots":
            raise
        allowed = [Path(root) for root in client.status().get("roots") or ()]
        folders = roots.outside(spec.request, allowed) or roots.needed(spec.request)
        raise OutsideRootsError(error.message, error.fix, tuple(folders)) from error


def follow(client: Client, job_id: str, after: int, tell: Tell, through_pauses: bool) -> dict[str, Any]:
    """Tell what happens to a job from the event after `after` on, and return its result.

    Raises `PausedError` when it is paused, or with `through_pauses` only when its backend ends while it is, and when
    the client was closed; else as `outcome` does.
    """
    state = ""
    try:
        for event in client.events(job_id, after):
            tell(_update(event.id, event.name, event.data))
            state = str(event.data.get("state")) if event.name == "state" else state
            if state == "paused" and not through_pauses and client.job(job_id)["state"] == "paused":
                break  # or it was long ago, and what follows is to come yet
    except BackendUnreachableError as error:
        # a backend that is stopped has paused its jobs, and may be gone before that was heard
        if state != "paused" and not client.closed():
            raise
        raise _paused(job_id) from error
    job = client.job(job_id)
    if job["state"] not in FINAL_STATES:
        raise _paused(job_id)
    return outcome(job)


def _paused(job_id: str) -> PausedError:
    return PausedError(f"The job {job_id} is paused.", "Resume it when it shall go on.")


def outcome(job: dict[str, Any]) -> dict[str, Any]:
    """The result of a finished job; raises the error of one that was refused, cancelled or failed."""
    if job["state"] == "done":
        return dict(job.get("result") or {})
    error, log = job.get("error") or {}, str(job.get("log") or "")
    message, fix = (
        str(error.get("message") or f"The job {job['kind']} ended as {job['state']}."),
        error.get("fix") or "",
    )
    if job["state"] == "refused":
        raise RefusedError(message, fix)
    if job["state"] == "cancelled":
        raise CancelledError(message, fix)
    raise (UsageError if error.get("code") == "usage" else DeepfakeError)(message, fix, log)


def _rendered(done: int, total: int) -> Update:
    return Update(stage=RENDER_STAGE, done=done, total=total)


def of_progress(progress: dict[str, Any]) -> Update:
    """The update of a job's progress, as events and jobs hold it."""
    return Update(
        stage=str(progress.get("stage", "")),
        done=float(progress.get("done") or 0),
        total=float(progress.get("total") or 0),
        seconds_left=progress.get("seconds_left"),
        figures={name: value for name, value in (progress.get("figures") or {}).items() if value is not None},
    )


def _update(number: int, name: str, data: dict[str, Any]) -> Update:
    if name == "progress":
        told = of_progress(data)
    elif name == "state":
        told = Update(state=str(data.get("state")))
    elif name == "preview":
        told = Update(preview=str(data.get("path") or ""))
    else:
        text = str(data.get("text") or "") if name == "message" else ""
        told = Update(texts=(text,) if text else ())
    return told.then(Update(after=number))
