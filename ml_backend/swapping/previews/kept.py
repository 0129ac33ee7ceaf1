"""Things that are kept open until something else is asked for."""

from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """The thing that was made last, as long as it is asked for by the same key."""

    def __init__(self) -> None:
        self._made: tuple[Hashable, T] | None = None

    def has(self, key: Hashable) -> bool:
        return self._made is not None and self._made[0] == key

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        if self._made is None or self._made[0] != key:
            self._made = None  # let the old one go first: two large models may not fit into the memory
            self._made = key, make()
        return self._made[1]

    def forget(self) -> None:
        self._made = None


def file_state(file: Path) -> tuple[str, int, int, int]:
    """Changes when the file is replaced or written to, or comes or goes."""
    try:
        found = file.stat()
    except (OSError, ValueError):
        return str(file), 0, 0, 0
    return str(file), found.st_ino, found.st_size, found.st_mtime_ns
