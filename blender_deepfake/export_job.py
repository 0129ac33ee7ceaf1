"""Writes the swap of a strip as a job for a farm, with `ml-backend farm export`."""

import json
import tempfile
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

    The job's folder gets `plate.json` and `keys.json` too, from which the backend made it, once it has taken the job.
    Raises UsageError for a folder that cannot be written. Touches nothing of Blender's and takes its time.
    """
    if spec.render is not None:
        rendering.run(spec.render, progress, lambda: False)
    request = spec.request
    with tempfile.TemporaryDirectory() as name:
        told = Path(name)
        _write(told, request)
        answer = ask(program, arguments(request, job, spec.label, told))
    _write(job.folder, request)
    return answer


def arguments(request: dict[str, Any], job: FarmJob, name: str, told: Path) -> list[str]:
    """`farm export …` for a request of a swap whose plate and keys lie in the folder `told`."""
    words = ["farm", "export", str(told / PLATE), "--keys", str(told / KEYS), "--json"]
    for key in _NAMED:
        if request.get(key):
            words += [f"--{key.replace('_', '-')}", str(request[key])]
    for key, value in request["settings"].items():
        words += ["--set", f"{key}={value}"]
    words += ["--job", str(job.folder), "--chunk", str(job.chunk), "--format", job.form, "--name", name]
    return [*words, "--backend", job.worker] if job.worker else words


def _write(folder: Path, request: dict[str, Any]) -> None:
    for path, content in ((folder / PLATE, request["plate"]), (folder / KEYS, request.get("keys", {}))):
        try:
            whole_file.write_bytes(path, f"{json.dumps(content, indent=2)}\n".encode())
        except OSError as error:
            raise UsageError(
                f"{path} cannot be written: {error.strerror}.", "Choose another folder: --job DIR."
            ) from error
