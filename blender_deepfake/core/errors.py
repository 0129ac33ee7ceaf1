"""Errors that a person reads, with the exit code that a command ends with."""

from pathlib import Path


class DeepfakeError(Exception):
    """Something failed. `message` says what, `fix` what to do about it, `log` where to read more."""

    exit_code = 1

    def __init__(self, message: str, fix: str = "", log: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix
        self.log = log

    def __str__(self) -> str:
        log = f"Log: {self.log}" if self.log and self.log not in self.fix else ""
        return " ".join(part for part in (self.message, self.fix, log) if part)


class UsageError(DeepfakeError):
    """The request itself is wrong: no such strip, a missing folder, an impossible value."""

    exit_code = 2


class RefusedError(DeepfakeError):
    """The backend understood and refused: there is no valid consent."""

    exit_code = 3


class CancelledError(DeepfakeError):
    """The job was cancelled; what it had finished stays on disk."""


class PausedError(DeepfakeError):
    """The job was paused and its backend has ended, so nothing more will come from it for now."""


class BackendMissingError(DeepfakeError):
    """No backend program was found on this machine."""


class ProtocolMismatchError(DeepfakeError):
    """Extension and backend are of releases that do not understand each other."""


class BackendUnreachableError(DeepfakeError):
    """Nothing answers at the backend's address."""


class BackendRejectedError(DeepfakeError):
    """The backend answered a request with an error; `status` is the HTTP status, `code` the backend's word for it."""

    def __init__(self, status: int, code: str, message: str, fix: str = "") -> None:
        super().__init__(message, fix)
        self.status = status
        self.code = code
        self.exit_code = 2 if status in (400, 404, 409, 422) else 1


class OutsideRootsError(DeepfakeError):
    """The job needs `folders` that the user has not allowed the backend to use."""

    exit_code = 2

    def __init__(self, message: str, fix: str, folders: tuple[Path, ...]) -> None:
        super().__init__(message, fix)
        self.folders = folders
