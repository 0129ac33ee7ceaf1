"""A lock that the system holds for a process and lets go when it dies, however it dies."""

import os
import sys
import time
from pathlib import Path

FAR = 0x7FFFFFF0  # Windows forbids others to read locked bytes; these are never written


class FileLock:
    """Held from acquire() to release() or the end of the process and of the children that it forked."""

    def __init__(self, file: int) -> None:
        self._file = file

    def release(self) -> None:
        os.close(self._file)


def acquire(path: Path) -> FileLock | None:
    """Lock `path` and write this process's id into it; None where another process holds it."""
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    if not _lock(file):
        os.close(file)
        return None
    os.ftruncate(file, 0)
    os.write(file, str(os.getpid()).encode())
    return FileLock(file)


def free_within(path: Path, seconds: float) -> bool:
    """Wait up to `seconds` for nobody to hold `path`; says whether that is so."""
    until = time.monotonic() + seconds
    while held(path):
        if time.monotonic() >= until:
            return False
        time.sleep(0.05)
    return True


def held(path: Path) -> bool:
    """Does another process hold `path`? Leaves no trace in it."""
    if not path.exists():
        return False
    file = os.open(path, os.O_RDWR)
    try:
        return not _lock(file)
    finally:
        os.close(file)


def holder(path: Path) -> int | None:
    """The id of the process that wrote itself into the lock last; None where there is none."""
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> bool:
        os.lseek(file, FAR, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(file, 0, os.SEEK_SET)
        return True
else:
    import fcntl

    def _lock(file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
