"""Write a job for a farm: job.json, and what its scheduler reads."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ml_backend import atomic

from . import deadline, flamenco, opencue, openjd
from .job import FarmJob, write_job


def export(job: FarmJob, folder: Path, form: str, backend: str) -> list[Path]:
    """Write the job into `folder` for `form`: openjd, deadline, opencue or flamenco.

    Returns the files, the one to submit first. backend: the ml-backend program as the workers call it. Raises
    UsageError for a folder that cannot be written.
    """
    job_file = write_job(folder, job)
    write: dict[str, Callable[[], list[Path]]] = {
        "openjd": lambda: [_json(folder / openjd.FILE, _with_backend(openjd.template(job), backend))],
        "deadline": lambda: [
            _json(folder / openjd.FILE, _with_backend(openjd.template(job), backend)),
            _json(folder / "parameter_values.json", deadline.parameter_values(job, folder)),
            _json(folder / "asset_references.json", deadline.asset_references()),
        ],
        "opencue": lambda: [_text(folder / opencue.FILE, opencue.script(job, folder, backend))],
        "flamenco": lambda: [_text(folder / flamenco.FILE, flamenco.script(job, folder, backend))],
    }
    return [*write[form](), job_file]


def _with_backend(template: dict[str, Any], backend: str) -> dict[str, Any]:
    for parameter in template["parameterDefinitions"]:
        if parameter["name"] == "Backend":
            parameter["default"] = backend
    return template


def _json(file: Path, content: dict[str, Any]) -> Path:
    atomic.write_json(file, content)
    return file


def _text(file: Path, content: str) -> Path:
    atomic.write_bytes(file, content.encode())
    return file
