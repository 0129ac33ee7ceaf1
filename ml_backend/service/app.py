"""The service's protocol, version 1: JSON over HTTP/1.1 on 127.0.0.1.

Finding it. `ml-backend serve --workspace DIR` listens on a port that the system gives and writes DIR/endpoint.json,
which only the user can read: {"url", "token", "pid", "protocol", "version"}. A client compares `protocol` with its own
before anything else. Every request carries `Authorization: Bearer TOKEN` and a Host header that is the url's.

Jobs.
    GET  /status            {"protocol", "version", "pid", "device", "running", "queued"}
    POST /jobs              {"kind", "request"} -> 201 and the job; requests are those of ml_backend.requests
    GET  /jobs              {"jobs": [...]}, oldest first
    GET  /jobs/ID           the job
    POST /jobs/ID/cancel    the job; it ends as `cancelled`, or as `done` where it was just ready
    POST /shutdown          202; running jobs are cancelled, queued ones wait for the next start

A job is {"id", "kind", "state", "request", "progress", "result", "error", "log", "created", "started", "ended"}. Its
state goes from queued through running to done, failed, refused (no consent) or cancelled. `progress` is {"stage",
"done", "total", "figures", "seconds_left"} or null, and seconds_left is about the present stage. Paths in requests
should be absolute: the service does not know where its client stands. Jobs found running at the start of a service
were cut off with the last one; they are queued again and go on where they were.

Events. GET /jobs/ID/events?after=N answers text/event-stream from the event after N, or after the Last-Event-ID
header's, which is how a client that lost the connection misses nothing. Each event has
    id: n                   rising by one from 1, with gaps where a crash of the machine left an unreadable line
    event: progress         data: as the job's progress
    event: message          data: {"text"}
    event: preview          data: {"path"} of a picture
    event: state            data: {"state"}, and at the end {"state", "result", "error"}
and a "time" in its data. The stream ends after the final state. A comment comes every 10 s when nothing else does.

Errors. Every 4xx and 5xx answer is {"error": {"code", "message", "fix"}}; a job's error has the same three keys.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from http import HTTPStatus
from os import getpid
from typing import Annotated

from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from ml_backend import __version__
from ml_backend.jobs import JobKind
from ml_backend.service.answers import HttpProblem, answer, invalid, problem
from ml_backend.service.endpoint import Endpoint
from ml_backend.service.guard import Guard
from ml_backend.service.protocol import Job, JobList, NewJob, Status
from ml_backend.service.scheduler import Scheduler
from ml_backend.service.store import Store
from ml_backend.service.stream import stream

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


@dataclass(frozen=True)
class Service:
    """What the endpoints work with. Setting `stop` ends the service; `closing` is set when its jobs have ended."""

    store: Store
    scheduler: Scheduler
    kinds: dict[str, JobKind]
    endpoint: Endpoint
    stop: asyncio.Event
    closing: asyncio.Event


def create_app(service: Service, lifespan: Lifespan | None = None) -> FastAPI:
    """The HTTP side of `service`; everything is async and runs in the event loop's thread."""
    app = FastAPI(title="Deepfake Sequencer backend", version=__version__, lifespan=lifespan)
    app.add_middleware(Guard, endpoint=service.endpoint)
    _add_error_answers(app)
    _add_job_routes(app, service)

    @app.get("/status")
    async def status() -> Status:
        count = service.store.count
        return Status(version=__version__, pid=getpid(), running=count("running"), queued=count("queued"))

    @app.post("/shutdown", status_code=202)
    async def shutdown() -> dict[str, str]:
        service.stop.set()
        return {"state": "stopping"}

    return app


def _add_job_routes(app: FastAPI, service: Service) -> None:
    scheduler = service.scheduler

    def find(id: str) -> Job:
        job = scheduler.get(id)
        if job is None:
            raise HttpProblem(404, "unknown_job", f"There is no job {id}.", "GET /jobs lists those there are.")
        return job

    @app.post("/jobs", status_code=201)
    async def submit(new: NewJob) -> Job:
        if service.stop.is_set():
            raise HttpProblem(503, "stopping", "The service is shutting down.", "Start it again and send the job then.")
        kind = service.kinds.get(new.kind)
        if kind is None:
            raise HttpProblem(422, "unknown_kind", f"There is no job {new.kind}.", f"Use {', '.join(service.kinds)}.")
        try:
            request = kind.request.model_validate(new.request)
        except ValidationError as error:
            raise invalid(error.errors(), f"The request for {new.kind}") from error
        return scheduler.submit(kind.name, request.model_dump(mode="json"))

    @app.get("/jobs")
    async def jobs() -> JobList:
        return JobList(jobs=scheduler.all())

    @app.get("/jobs/{id}")
    async def job(id: str) -> Job:
        return find(id)

    @app.post("/jobs/{id}/cancel")
    async def cancel(id: str) -> Job:
        return scheduler.cancel(find(id))

    @app.get("/jobs/{id}/events", response_class=StreamingResponse)
    async def events(id: str, request: Request, after: Annotated[int, Query(ge=0, le=2**53)] = 0) -> StreamingResponse:
        find(id)
        last = request.headers.get("last-event-id", "")
        seen = int(last) if last.isascii() and last.isdigit() and len(last) < 17 else after
        return StreamingResponse(
            stream(scheduler, id, seen, service.closing),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store"},
        )


def _add_error_answers(app: FastAPI) -> None:
    @app.exception_handler(HttpProblem)
    async def on_problem(request: Request, error: HttpProblem) -> Response:
        return answer(error)

    @app.exception_handler(RequestValidationError)
    async def on_invalid(request: Request, error: RequestValidationError) -> Response:
        return answer(invalid(error.errors(), "The call"))

    @app.exception_handler(HTTPException)
    async def on_http(request: Request, error: HTTPException) -> Response:
        code = HTTPStatus(error.status_code).name.lower()
        made = problem(error.status_code, code, str(error.detail), "The calls there are: GET /openapi.json.")
        made.headers.update(error.headers or {})
        return made

    @app.exception_handler(Exception)
    async def on_crash(request: Request, error: Exception) -> JSONResponse:
        text = f"{type(error).__name__}: {error}"
        return problem(500, "internal", text, "The service's log (service.log in the workspace) tells more.")
