"""Writes the swap of a strip as a job for a farm, with `ml-backend farm export`."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .core import rendering, whole_file
from .core.backend_answer import ask
from .core.backend_command import BackendCommand
from .core.errors import UsageError
from .core.runner import JobSpec

FORMATS = ("openjd", "deadline", "opencue", "flamenco")
PLATE, KEYS = "plate.json", "keys.json"
_NAMED = ("model", "identity", "out", "mask_model", "repairs", "consent", "project", "shot", "frames")


@dataclass(frozen=True)
class FarmJob:
    """Where the job goes, a folder that all workers see, and how it is cut: pieces of `chunk` frames for `form`.

    worker: the backend's program as the workers call it.
    """

    folder: Path
    form: str = "openjd"
    chunk: int = 15
    worker: str = ""


def export(
    program: BackendCommand,
    spec: JobSpec,
    job: FarmJob,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Any]:
    """Render the plate of a swap where Blender must, and write its job; returns what the backend says of it.

    The job's folder gets `plate.json` and `keys.json`, from which the backend makes the rest. Raises UsageError for a
    folder that cannot be written. Touches nothing of Blender's and takes its time.
    """
    if spec.render is not None:
        rendering.run(spec.render, progress, lambda: False)
    request = spec.request
    _write(job.folder / PLATE, request["plate"])
    _write(job.folder / KEYS, request.get("keys", {}))
    return ask(program, arguments(request, job, spec.label))


def arguments(request: dict[str, Any], job: FarmJob, name: str) -> list[str]:
    """`farm export …` for a request of a swap whose plate and keys lie in the job's folder."""
    words = ["farm", "export", str(job.folder / PLATE), "--keys", str(job.folder / KEYS), "--json"]
    for key in _NAMED:
        if request.get(key):
            words += [f"--{key.replace('_', '-')}", str(request[key])]
    for key, value in request["settings"].items():
        words += ["--set", f"{key}={value}"]
    words += ["--job", str(job.folder), "--chunk", str(job.chunk), "--format", job.form, "--name", name]
    return [*words, "--backend", job.worker] if job.worker else words


def _write(path: Path, content: Any) -> None:
    try:
        whole_file.write_bytes(path, f"{json.dumps(content, indent=2)}\n".encode())
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.", "Choose another folder: --job DIR.") from error
