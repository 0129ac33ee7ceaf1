"""Commands of the backend that need no service: run in a thread, with what they need of Blender read before."""

from collections.abc import Callable, Sequence
from typing import Any

from . import session
from .backend_place import backend_place
from .core import backend_answer
from .core.backend_command import find_program

Run = Callable[[Sequence[str]], dict[str, Any]]


def runner() -> Run:
    """Call this in the main thread, and what it returns in a thread, with the words after `ml-backend`."""
    program, stopping = backend_place().program, session.current().is_closing

    def run(arguments: Sequence[str]) -> dict[str, Any]:
        return backend_answer.ask(find_program(program), arguments, stopping)

    return run
