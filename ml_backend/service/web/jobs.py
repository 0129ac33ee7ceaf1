"""The endpoints about jobs."""

import mimetypes
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Query, Request, Response
from fastapi import Path as InPath
from fastapi.responses import FileResponse, StreamingResponse
from pydantic import ValidationError

from ml_backend.errors import UsageError
from ml_backend.jobs import JobKind
from ml_backend.service import roots
from ml_backend.service.protocol import ErrorAnswer, Job, JobList, Move, NewJob, Removed
from ml_backend.service.web.answers import HttpProblem, invalid
from ml_backend.service.web.context import Service
from ml_backend.service.web.stream import Streams

LARGEST = 2**53
"""The largest whole number that JSON's readers agree on."""


def add_job_routes(app: FastAPI, service: Service) -> None:
    """Add the endpoints under /jobs."""
    scheduler, kinds = service.scheduler, service.kinds
    streams = Streams(scheduler, service.closing)
    known = APIRouter(prefix="/jobs/{id}", responses={404: {"model": ErrorAnswer}})

    def find(id: str) -> Job:
        job = scheduler.get(id)
        if job is None:
            raise HttpProblem(404, "unknown_job", f"There is no job {id}.", "GET /jobs lists those there are.")
        return job

    def take_jobs() -> None:
        if service.stop.is_set():
            raise HttpProblem(503, "stopping", "The service is shutting down.", "Start it again and send it then.")

    @app.post("/jobs", status_code=201, responses={200: {"model": Job}, 503: {"model": ErrorAnswer}})
    async def submit(new: NewJob, response: Response) -> Job:
        take_jobs()
        kind = kinds.get(new.kind)
        if kind is None:
            raise HttpProblem(422, "unknown_kind", f"There is no job {new.kind}.", f"Use {', '.join(kinds)}.")
        request = _checked(kind, new.request, service.roots)
        job, is_new = scheduler.submit(new.model_copy(update={"request": request}))
        response.status_code = 201 if is_new else 200
        return job

    @app.get("/jobs")
    async def jobs() -> JobList:
        return JobList(jobs=scheduler.all())

    @known.get("")
    async def job(id: str) -> Job:
        return find(id)

    @known.post("/cancel")
    async def cancel(id: str) -> Job:
        return scheduler.cancel(find(id))

    @known.post("/pause")
    async def pause(id: str) -> Job:
        return scheduler.pause(find(id))

    @known.post("/resume", responses={503: {"model": ErrorAnswer}})
    async def resume(id: str) -> Job:
        take_jobs()
        return scheduler.resume(find(id))

    @known.post("/retry", responses={503: {"model": ErrorAnswer}})
    async def retry(id: str) -> Job:
        take_jobs()
        return scheduler.retry(find(id))

    @known.post("/move")
    async def move(id: str, move: Move) -> JobList:
        return JobList(jobs=scheduler.move(find(id), None if move.before is None else find(move.before)))

    @known.delete("")
    async def remove(id: str) -> Removed:
        scheduler.remove(find(id))
        return Removed(removed=id)

    @known.get("/previews/{number}", response_class=FileResponse, responses={200: {"content": {"image/png": {}}}})
    async def preview(id: str, number: Annotated[int, InPath(ge=0, le=LARGEST)]) -> FileResponse:
        find(id)
        for picture in scheduler.folder(id).previews.glob(f"{number}.*"):
            return FileResponse(picture, media_type=mimetypes.guess_type(picture.name)[0])
        fix = "Old previews are cleaned up; the path in the event may still be there."
        raise HttpProblem(404, "unknown_preview", f"There is no preview {number} of the job {id}.", fix)

    @known.get("/events", response_class=StreamingResponse, responses={200: {"content": {"text/event-stream": {}}}})
    async def events(
        id: str, request: Request, after: Annotated[int, Query(ge=0, le=LARGEST)] = 0
    ) -> StreamingResponse:
        find(id)
        last = request.headers.get("last-event-id", "")
        seen = int(last) if last.isascii() and last.isdigit() and len(last) < 17 else after
        no_store = {"Cache-Control": "no-store"}
        return StreamingResponse(streams.follow(id, seen), media_type="text/event-stream", headers=no_store)

    app.include_router(known)


def _checked(kind: JobKind, request: dict[str, Any], allowed: roots.Roots) -> dict[str, Any]:
    """The request in full, as JSON, or the answer that says what is wrong with it."""
    try:
        checked = kind.request.model_validate(request)
        roots.check(checked, allowed.allowed())
    except ValidationError as error:
        raise invalid(error.errors(), f"The request for {kind.name}") from error
    except (roots.OutsideRoots, roots.RelativePath):
        raise
    except UsageError as error:
        raise HttpProblem(422, "invalid", error.message, error.fix) from error
    return checked.model_dump(mode="json")
