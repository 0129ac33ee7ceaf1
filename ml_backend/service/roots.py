"""The folders that the user allowed jobs to read and write.

They stand in the workspace's roots.json, {"roots": ["/abs/olute", …]}, and are read again for every job. HTTP cannot
change them: who holds only the token must not be able to widen them. Where the file is absent, the user's home folder
is allowed, if the system knows one.
"""

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ValidationError

from ml_backend.errors import BackendError, UsageError
from ml_backend.requests import EvaluateRequest, Plate, paths_in
from ml_backend.swapping.manifest import paths_named

PLATE_BYTES = 1 << 20


class OutsideRoots(UsageError):
    """A request names a path outside the folders that the user allowed."""


class RelativePath(UsageError):
    """A request names a path that is not absolute: the service does not know where its client stands."""


def _absolute(path: Path) -> Path:
    if not path.is_absolute():
        raise ValueError(f"{path} is not absolute")
    return path


class DamagedRoots(BackendError):
    """The list of allowed folders cannot be read."""


@dataclass(frozen=True)
class Roots:
    """`more` are allowed for this run of the service, besides those of the file."""

    workspace: Path
    more: tuple[Path, ...] = ()

    @property
    def file(self) -> Path:
        return self.workspace / "roots.json"

    def allowed(self) -> list[Path]:
        """All allowed folders. DamagedRoots where the file is damaged: nothing is allowed by mistake."""
        return [*self._stored(), *self.more]

    def _stored(self) -> list[Path]:
        try:
            return list(_List.model_validate_json(self.file.read_bytes()).roots)
        except FileNotFoundError:
            with suppress(RuntimeError):  # a user without a home, as in a container that runs for a bare number
                return [Path.home()]
            return []
        except ValidationError as error:
            raise DamagedRoots(
                f"The list of allowed folders {self.file} is damaged: {error.errors()[0]['msg']}.",
                'Its content is {"roots": ["/folder", …]}; delete it to allow your home folder only.',
            ) from error


class _List(BaseModel):
    roots: list[Annotated[Path, AfterValidator(_absolute)]]


def check(request: BaseModel, allowed: Sequence[Path]) -> None:
    """Raise OutsideRoots or RelativePath for the first path of `request` that may not be used.

    Links are followed first, and so are plate files and the manifest of a swap that is evaluated: what they name is
    what will be read.
    """
    led_to = paths_named(request.swap) if isinstance(request, EvaluateRequest) else []
    for path in _with_plates([*paths_in(request), *led_to]):
        if "\0" in str(path):
            raise UsageError(f"{str(path)!r} is no path.", "Take the NUL character out.")
        if not path.is_absolute():
            raise RelativePath(f"The path {path} is not absolute.", "Send the whole path.")
        if not is_inside(path, allowed):
            raise OutsideRoots(
                f"{path} lies outside the folders that this service may use: {', '.join(map(str, allowed))}.",
                f"Allow its folder: in the extension's panel, with `ml-backend serve --root {path.parent}`, or in "
                "roots.json in the workspace.",
            )


def is_inside(path: Path, allowed: Iterable[Path]) -> bool:
    """Does `path`, its links followed, lie in one of the folders? It need not exist."""
    allowed = list(allowed)
    if os.name == "nt" and str(path).startswith("\\\\") and not any(path.is_relative_to(root) for root in allowed):
        return False  # to look at a share of another machine is to log in there: never for a foreign one
    try:
        real = path.resolve()
    except (OSError, RuntimeError):  # links in a circle
        return False
    roots = [root.resolve() for root in allowed]
    if any(real.is_relative_to(root) for root in roots):
        return True
    folders = (real, *real.parents)
    return any(_same(folder, root) for root in roots for folder in folders)


def _same(folder: Path, root: Path) -> bool:
    """On disks that do not tell apart upper and lower case, a folder has many spellings."""
    try:
        return folder.samefile(root)
    except OSError:
        return False


def _with_plates(paths: Iterable[Path]) -> Iterable[Path]:
    for path in paths:
        yield path
        if path.suffix.lower() == ".json" and path.is_file() and path.stat().st_size < PLATE_BYTES:
            try:
                plate = Plate.model_validate_json(path.read_bytes())
            except (OSError, ValueError, ValidationError):
                continue  # the job itself tells what is wrong with it
            yield path.parent / plate.source
            if plate.ocio is not None:
                yield path.parent / plate.ocio
