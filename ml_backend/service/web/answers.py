"""Errors as the protocol spells them."""

from collections.abc import Sequence
from typing import Any

from fastapi.responses import JSONResponse

from ml_backend.service.protocol import ErrorAnswer, Problem


class HttpProblem(Exception):
    """An error answer, raised from wherever it is found."""

    def __init__(self, status: int, code: str, message: str, fix: str = "", reason: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.problem = Problem(code=code, message=_sendable(message), fix=_sendable(fix), reason=reason)


def problem(status: int, code: str, message: str, fix: str = "") -> JSONResponse:
    return answer(HttpProblem(status, code, message, fix))


def answer(error: HttpProblem) -> JSONResponse:
    return JSONResponse(ErrorAnswer(error=error.problem).model_dump(), error.status)


def invalid(errors: Sequence[Any], where: str) -> HttpProblem:
    """422 from pydantic's list of errors; names every field that does not fit."""
    lines = [f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}" for error in errors]
    return HttpProblem(422, "invalid", f"{where} does not fit: {'; '.join(lines)}", "Mend the fields that are named.")


def _sendable(text: str) -> str:
    """A client can send half a surrogate pair as a field's name; UTF-8 cannot send it back."""
    return text.encode("utf-8", "replace").decode()
