"""One job from start to end: render the plate if need be, send the request, follow the events."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from . import rendering
from .client import Client
from .errors import CancelledError, DeepfakeError, RefusedError, UsageError
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
    """What became known since the last one; None means unchanged."""

    state: str | None = None
    stage: str | None = None
    done: float = 0.0
    total: float = 0.0
    seconds_left: float | None = None
    figures: dict[str, float] = field(default_factory=dict)
    text: str | None = None
    preview: str | None = None
    job: dict[str, Any] | None = None


def run(
    spec: JobSpec, connect: Callable[[], Client], tell: Callable[[Update], None], should_stop: Callable[[], bool]
) -> dict[str, Any]:
    """Run `spec` and return the job's result. Raises as `outcome` does. Blocks: call it in a thread."""
    if spec.render is not None:
        tell(Update(state="running"))
        rendering.run(spec.render, lambda done, total: tell(_rendered(done, total)), should_stop)
    tell(Update(state="connecting"))
    client = connect()
    job = client.submit(spec.kind, spec.request)
    tell(Update(state=str(job["state"]), job=job))
    if should_stop():
        client.cancel(job["id"])
    for event in client.events(job["id"]):
        tell(_update(event.name, event.data))
    return outcome(client.job(job["id"]))


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


def _update(name: str, data: dict[str, Any]) -> Update:
    if name == "progress":
        return Update(
            stage=str(data.get("stage", "")),
            done=float(data.get("done") or 0),
            total=float(data.get("total") or 0),
            seconds_left=data.get("seconds_left"),
            figures={name: value for name, value in (data.get("figures") or {}).items() if value is not None},
        )
    if name == "state":
        return Update(state=str(data.get("state")))
    text = data.get("text") or data.get("message")
    preview = data.get("path") if name == "preview" else None
    return Update(text=None if text is None else str(text), preview=preview)
