"""Errors that a person reads: what is wrong, and what to do about it."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager


class BackendError(Exception):
    """Something failed. `message` names the file and the value, `fix` says what to do."""

    exit_code = 1

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.message} {self.fix}".strip()


class UsageError(BackendError):
    """The request itself is wrong: an unknown setting, a missing file, an impossible value."""

    exit_code = 2


class RefusedError(BackendError):
    """The request is understood and not allowed: there is no valid consent for it."""

    exit_code = 3


class Cancelled(Exception):
    """The user asked to stop; what was finished is on disk and the job can go on later."""


def is_full_disk(error: BaseException) -> bool:
    """Whether this is an error of a disk that is full, or of a user who may have no more of it."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def long_names_refused() -> Iterator[None]:
    """What the system says of a name that is longer than the disk allows becomes a UsageError."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        raise UsageError(f"{error.filename}: {error.strerror}.", "Give it a shorter name.") from error
