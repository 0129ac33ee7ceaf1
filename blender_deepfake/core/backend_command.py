"""The words that start the backend: a program on this machine, or a command line that reaches one elsewhere."""

import os
import re
import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .errors import BackendMissingError

PROGRAM = "ml-backend"


@dataclass(frozen=True)
class BackendCommand:
    """`words` come before the backend's own arguments. `wrapped`: another program (a container's, a wrapper) runs
    the backend, where our process number may mean nothing."""

    words: tuple[str, ...]
    wrapped: bool = False

    def __str__(self) -> str:
        return " ".join(self.words)


def find_program(
    preference: str = "", environ: Mapping[str, str] = os.environ, platform: str = sys.platform
) -> BackendCommand:
    """How to start the backend: the preference, else `DEEPFAKE_BACKEND`, else `ml-backend` on the PATH.

    The first two are an executable, the folder of the virtual environment that it is installed in, or a command line
    such as `docker run --rm -i --network host -v /data:/data image ml-backend`.
    """
    for text, origin in ((preference, "the backend path"), (environ.get("DEEPFAKE_BACKEND", ""), "DEEPFAKE_BACKEND")):
        if text.strip():
            return _named(text.strip(), origin, environ, platform)
    found = shutil.which(PROGRAM, path=environ.get("PATH"))
    if found is None:
        raise BackendMissingError(
            "The backend was not found on this machine.",
            f"Install it, then put {PROGRAM} on the PATH or give the folder of its virtual environment "
            "in the extension's preferences (command line: --backend PATH).",
        )
    return BackendCommand((found,))


def _named(text: str, origin: str, environ: Mapping[str, str], platform: str) -> BackendCommand:
    path = Path(text).expanduser()
    if _exists(path):
        return BackendCommand((str(_in_environment(path, origin)),))
    words = split(text, platform)
    program = _program(words[0], environ) if words else None
    if program is not None:
        return BackendCommand((program, *words[1:]), wrapped=len(words) > 1)
    if len(words) > 1 and not _is_path(words[0]):
        raise BackendMissingError(
            f"There is no program {words[0]} on the PATH (from {origin}: {text}).",
            "Install it, or give its whole path. The backend itself is given as its executable or as the folder of "
            "its virtual environment.",
        )
    raise _missing(path, origin)


def _in_environment(path: Path, origin: str) -> Path:
    candidates = [path] if path.is_file() else [path / "bin" / PROGRAM, path / "Scripts" / f"{PROGRAM}.exe"]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise _missing(path, origin)


def _missing(path: Path, origin: str) -> BackendMissingError:
    return BackendMissingError(
        f"There is no {PROGRAM} at {path} (from {origin}).",
        "Give the executable itself, the folder of the virtual environment that the backend is installed in, or the "
        "command line of a container.",
    )


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a command line can be longer than any name
        return False


def _program(word: str, environ: Mapping[str, str]) -> str | None:
    if _is_path(word):
        path = Path(word).expanduser()
        return str(path) if path.is_file() else None
    return shutil.which(word, path=environ.get("PATH"))


def _is_path(word: str) -> bool:
    return "/" in word or "\\" in word


def split(text: str, platform: str = sys.platform) -> list[str]:
    """The words of a command line, as the system's own shell would cut them; none where a quote is left open."""
    if platform == "win32":
        return _split_windows(text)
    try:
        return shlex.split(text)
    except ValueError:
        return []


def _split_windows(text: str) -> list[str]:
    """The rules of Microsoft's C library: backslashes stand for themselves, except before a double quote."""
    words: list[str] = []
    word: str | None = None
    quoted = False
    for slashes, quote, blank, other in re.findall(r'(\\*)(?:(")|([ \t]+)|([^\\" \t]|$))', text):
        kept = slashes[: len(slashes) // 2] if quote else slashes
        if kept:
            word = (word or "") + kept
        if quote and len(slashes) % 2 == 0:
            word, quoted = word or "", not quoted
        elif quote or other:
            word = (word or "") + (quote or other)
        elif blank and quoted:
            word = (word or "") + blank
        elif blank and word is not None:
            words.append(word)
            word = None
    return words if word is None else [*words, word]
