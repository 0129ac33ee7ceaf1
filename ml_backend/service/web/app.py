"""The service's protocol, version 2: JSON over HTTP/1.1 on 127.0.0.1.

Finding it. `ml-backend serve --workspace DIR` listens on a port that the system gives and writes DIR/endpoint.json,
which only the user can read: {"url", "token", "pid", "protocol", "version"}. A client compares `protocol` with its own
before anything else. Every request carries `Authorization: Bearer TOKEN` and a Host header that is the url's; with
`Deepfake-Protocol: 2` the service compares the protocols too (409 protocol_mismatch). A browser can read /docs and
/openapi.json with the token as the password. No body is larger than 1 MiB (413 too_large).

Jobs.
    GET    /status              what the service is, its devices, its counts of jobs, the folders that jobs may use
    POST   /jobs                {"kind", "request", "key"?} -> 201 and the job, 200 where `key` was sent before;
                                requests are those of ml_backend.requests
    GET    /jobs                {"jobs": [...]}, oldest first
    GET    /jobs/ID             the job
    POST   /jobs/ID/cancel      stops it within 5 s, by force if need be; an ended job is answered unchanged
    POST   /jobs/ID/pause       a queued one at once, a running one at its next safe point
    POST   /jobs/ID/resume      a paused one: queued again
    POST   /jobs/ID/retry       one that failed, was refused or cancelled: queued again; it goes on where it was
    POST   /jobs/ID/move        {"before": ID or null}: a queued one runs before another, or last -> {"jobs": [...]}
    DELETE /jobs/ID             forgets an ended one, its log and previews -> {"removed": ID}; what it made stays
    GET    /jobs/ID/previews/N  the picture of the preview event whose `picture` is N
    POST   /shutdown            202; running jobs are paused, queued ones wait for the next start
What does not fit the job's state is answered with 409 wrong_state.

A job's state goes from queued through running to done, failed, refused (no consent) or cancelled, and between queued or
running and paused. `progress` is {"stage", "done", "total", "figures", "seconds_left"} or null, and seconds_left is
about the present stage. Jobs found running at the start of a service were cut off with the last one; they are queued
again and go on where they were.

Paths in requests are absolute (422 relative_path) and lie in the folders that the user allowed (403 outside_roots):
those of roots.json in the workspace, which HTTP cannot change, and those of `serve --root`.

Previews. POST /preview with a PreviewRequest of ml_backend.requests renders one frame as a swap would and answers
{"out", "layer", "seconds", "faces", "steadied", "warm", "message"} when both pictures are written. A process of its own
keeps the networks in memory; it ends after ten idle minutes and when a heavy job begins. One frame is made at a time,
and of the requests that wait only the newest: the others are answered at once with 409 superseded. Other codes: refused
(403, no consent), usage and failed (422), crashed and hung (503: ask again), which is done with the next request.

Events. GET /jobs/ID/events?after=N answers text/event-stream from the event after N, or after the Last-Event-ID
header's, which is how a client that lost the connection misses nothing. Each event has
    id: n                   rising, with gaps
    event: progress         data: as the job's progress
    event: message          data: {"text"}
    event: log              data: {"text"}, a line that the job printed; the log file has them all
    event: preview          data: {"path", "picture"} of a picture; `picture` is its number for /previews, or null
    event: state            data: {"state"}, and at the end {"state", "result", "error"}
and a "time" in its data. The stream ends after the final state, not while the job is paused. Of a long job's older
progress and log events only a part is kept. A comment comes every 10 s when nothing else does.

Errors. Every 4xx and 5xx answer is {"error": {"code", "message", "fix"}}; a job's error has the same three keys.
"""

import sqlite3
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus
from os import getpid
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException

from ml_backend import __version__
from ml_backend.errors import BackendError, is_full_disk
from ml_backend.service.protocol import ErrorAnswer, Status, Stopping
from ml_backend.service.roots import DamagedRoots, OutsideRoots, RelativePath, Roots
from ml_backend.service.scheduler import WrongState
from ml_backend.service.web.answers import HttpProblem, answer, invalid, problem
from ml_backend.service.web.context import Service
from ml_backend.service.web.docs import add_docs
from ml_backend.service.web.guard import Guard
from ml_backend.service.web.jobs import add_job_routes
from ml_backend.service.web.preview import add_preview_routes

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_app(service: Service, lifespan: Lifespan | None = None) -> FastAPI:
    """The HTTP side of `service`; everything is async and runs in the event loop's thread."""
    errors: dict[int | str, dict[str, Any]] = {
        status: {"model": ErrorAnswer} for status in (400, 401, 403, 409, 413, 422)
    }
    app = FastAPI(
        title="Deepfake Sequencer backend",
        version=__version__,
        description=f"```\n{__doc__}\n```",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
        responses=errors,
        dependencies=[Depends(HTTPBearer(auto_error=False))],  # for the description; the guard has checked it
    )
    app.add_middleware(Guard, endpoint=service.endpoint)
    _add_error_answers(app, service)
    add_job_routes(app, service)
    add_preview_routes(app, service)
    add_docs(app)

    @app.get("/status")
    async def status() -> Status:
        count, devices = service.store.count, service.facts.devices
        return Status(
            version=__version__,
            pid=getpid(),
            device=devices[0].name.partition(":")[0] if devices else None,
            devices=devices,
            running=count("running"),
            queued=count("queued"),
            paused=count("paused"),
            workspace=str(service.roots.workspace),
            roots=_allowed(service.roots),
        )

    @app.post("/shutdown", status_code=202)
    async def shutdown() -> Stopping:
        service.stop.set()
        return Stopping()

    return app


def _allowed(roots: Roots) -> list[str]:
    try:
        return [str(root) for root in roots.allowed()]
    except DamagedRoots:  # told to whoever sends a job
        return []


def _add_error_answers(app: FastAPI, service: Service) -> None:
    @app.exception_handler(HttpProblem)
    async def on_problem(request: Request, error: HttpProblem) -> Response:
        return answer(error)

    @app.exception_handler(RequestValidationError)
    async def on_invalid(request: Request, error: RequestValidationError) -> Response:
        return answer(invalid(error.errors(), "The call"))

    @app.exception_handler(HTTPException)
    async def on_http(request: Request, error: HTTPException) -> Response:
        code = HTTPStatus(error.status_code).name.lower()
        fix = "Send JSON in UTF-8." if error.status_code == 400 else "The calls there are: GET /openapi.json."
        made = problem(error.status_code, code, str(error.detail), fix)
        made.headers.update(error.headers or {})
        return made

    @app.exception_handler(BackendError)
    async def on_known(request: Request, error: BackendError) -> Response:
        status, code = _ANSWERS.get(type(error), (500, "failed"))
        return problem(status, code, error.message, error.fix)

    @app.exception_handler(sqlite3.Error)
    @app.exception_handler(OSError)
    async def on_disk(request: Request, error: Exception) -> Response:
        full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
        if full or is_full_disk(error):
            message = f"The disk of the workspace {service.roots.workspace} is full."
            return problem(507, "disk_full", message, "Free some space there, then send it again.")
        return await on_crash(request, error)

    @app.exception_handler(Exception)
    async def on_crash(request: Request, error: Exception) -> JSONResponse:
        text = f"{type(error).__name__}: {error}"
        return problem(500, "internal", text, "The service's log (service.log in the workspace) tells more.")


_ANSWERS: dict[type[BackendError], tuple[int, str]] = {
    DamagedRoots: (403, "damaged_roots"),
    OutsideRoots: (403, "outside_roots"),
    RelativePath: (422, "relative_path"),
    WrongState: (409, "wrong_state"),
}
