"""The first questions to any file: is it there, may we read it, is there anything in it?"""

import stat
from pathlib import Path

from ml_backend.errors import BackendError, UsageError
from ml_backend.provenance.record import writable


def no_permission(path: Path) -> BackendError:
    return BackendError(
        f"{path} cannot be read: this user has no permission.", "Give yourself read permission for it and its folders."
    )


def file_kind(path: Path) -> str:
    """`file`, `folder` or `missing`. BackendError where looking is not permitted."""
    try:
        mode = path.stat().st_mode
    except PermissionError as error:
        raise no_permission(path) from error
    except (OSError, ValueError):
        return "missing"
    return "folder" if stat.S_ISDIR(mode) else "file"


def require_unicode(path: Path) -> None:
    """UsageError for a path that is not UTF-8: nothing that is kept of the footage could name it."""
    if str(path) != writable(str(path)):
        raise UsageError(f"The name {writable(str(path))} is not Unicode.", "Rename it.")


def require_readable(path: Path) -> None:
    """UsageError where `path` is missing; BackendError where it is empty or may not be read."""
    if file_kind(path) == "missing":
        raise UsageError(f"{path} does not exist.", "Check the path; a relative one starts at the current folder.")
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except PermissionError as error:
        raise no_permission(path) from error
    except OSError as error:
        raise BackendError(
            f"{path} cannot be read: {error.strerror}.", "Check the disk or the network share."
        ) from error
    if empty:
        raise BackendError(f"{path} is empty (0 bytes).", "Copy or export it again.")
