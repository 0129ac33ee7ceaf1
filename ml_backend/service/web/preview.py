"""The endpoint for previews of single frames."""

import json

from fastapi import FastAPI

from ml_backend.errors import UsageError
from ml_backend.requests import PreviewRequest
from ml_backend.service import roots
from ml_backend.service.preview.lines import Asked, PreviewAnswer
from ml_backend.service.preview.previews import PreviewFailed
from ml_backend.service.preview.turns import Superseded
from ml_backend.service.protocol import ErrorAnswer
from ml_backend.service.web.answers import HttpProblem
from ml_backend.service.web.context import Service

_STATUS = {
    "usage": 422,
    "failed": 422,
    "refused": 403,
    "outside_roots": 403,
    "disk_full": 507,
    "crashed": 503,
    "hung": 503,
    "stopping": 503,
}


def add_preview_routes(app: FastAPI, service: Service) -> None:
    """Add POST /preview."""

    @app.post("/preview", responses={status: {"model": ErrorAnswer} for status in (500, 503, 507)})
    async def preview(request: PreviewRequest) -> PreviewAnswer:
        _need_text(request)
        allowed = service.roots.allowed()
        try:
            roots.check(request, allowed)
            return await service.previews.render(Asked(request=request, roots=[str(root) for root in allowed]))
        except (roots.OutsideRoots, roots.RelativePath):
            raise
        except UsageError as error:
            raise HttpProblem(422, "invalid", error.message, error.fix) from error
        except Superseded as error:
            raise HttpProblem(409, "superseded", error.message, error.fix) from error
        except PreviewFailed as error:
            status = _STATUS.get(error.code, 500)
            raise HttpProblem(status, error.code, error.message, error.fix, error.reason) from error


def _need_text(request: PreviewRequest) -> None:
    """Python's reader of JSON lets halves of surrogate pairs pass, which are no part of a path or a name."""
    try:
        json.dumps(request.model_dump(mode="json"), ensure_ascii=False).encode()
    except ValueError as error:
        raise HttpProblem(422, "invalid", "The call holds text that is not Unicode.", "Send JSON in UTF-8.") from error
