"""The folders that the user allows the backend to read and write.

They stand in the workspace's roots.json, {"roots": ["/abs/olute", …]}. The backend reads them for every job and offers
no way to change them: who only holds its token must not be able to.
"""

import contextlib
import json
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from .errors import DeepfakeError


def allowed(workspace: Path) -> list[Path]:
    """The allowed folders: where the file is absent, the user's home folder."""
    path = workspace / "roots.json"
    try:
        roots = json.loads(path.read_text("utf-8"))["roots"]
        if not all(isinstance(root, str) and root for root in roots):
            raise TypeError("a root is not text")
    except FileNotFoundError:
        return [Path.home()]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DeepfakeError(
            f"The list of allowed folders {path} cannot be read ({error}).",
            "Delete it to allow your home folder only, then allow the others again.",
        ) from error
    return [Path(root) for root in roots]


def allow(workspace: Path, folders: Iterable[Path]) -> list[Path]:
    """Allow `folders` besides those that are allowed already; return all. Writes only where something changes."""
    before = allowed(workspace)
    roots = list(before)
    for folder in folders:
        if not is_inside(folder, roots):
            roots.append(folder.resolve())
    if roots != before:
        _write(workspace, {"roots": [str(root) for root in roots]})
    return roots


def outside(request: dict[str, Any], roots: Sequence[Path]) -> list[Path]:
    """The folders that a job with `request` needs and that lie outside `roots`, each once."""
    found: list[Path] = []
    for folder in needed(request):
        if not is_inside(folder, [*roots, *found]):
            found.append(folder)
    return found


def needed(request: dict[str, Any]) -> list[Path]:
    """The folders that a job with `request` reads or writes: of footage, the folder that it lies in."""
    footage = [*request.get("sources", ()), *(request[key] for key in ("plate", "truth", "mask") if request.get(key))]
    sources = [str(plate["source"] if isinstance(plate, dict) else plate) for plate in footage]
    files = [str(request[key]) for key in ("repairs", "fan_weights") if request.get(key)]
    person = str(request.get("person") or "")
    files += [person] if Path(person).is_absolute() else []  # a reference picture
    keys = ("faceset", "model", "out", "swap", "mask_model", "consent", "identity_faceset", "performer_faceset")
    folders = [str(request[key]) for key in keys if request.get(key)]
    facesets = request.get("facesets") or ()
    folders += [str(folder) for folder in (facesets.values() if isinstance(facesets, dict) else facesets)]
    return list(dict.fromkeys([*(_of_footage(Path(path)) for path in (*sources, *files)), *map(Path, folders)]))


def _of_footage(path: Path) -> Path:
    """The folder of a movie or a pattern, and a folder of pictures itself. Never a whole disk."""
    if path.is_dir() or path.parent == Path(path.anchor):
        return path
    return path.parent


def is_inside(path: Path, roots: Iterable[Path]) -> bool:
    """Does `path`, its links followed, lie in one of `roots`? It need not exist."""
    real = path.resolve()
    return any(real.is_relative_to(root.resolve()) for root in roots)


def make_private(workspace: Path) -> None:
    """A new or empty workspace becomes the user's alone: the backend keeps its token there, and takes no other."""
    workspace.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not any(workspace.iterdir()):
        workspace.chmod(0o700)


def _write(workspace: Path, content: dict[str, Any]) -> None:
    try:
        make_private(workspace)
        handle, name = tempfile.mkstemp(prefix=".roots-", suffix=".json", dir=workspace)  # mode 0600
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(content, file, indent=1, ensure_ascii=False)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(workspace / "roots.json")
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        raise DeepfakeError(
            f"The allowed folders cannot be kept in {workspace}: {error}.",
            "Choose another workspace in the extension's preferences.",
        ) from error
