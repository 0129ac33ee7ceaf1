"""What a story yields besides seconds."""

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

Story = Generator[Any, None, None]


@dataclass(frozen=True)
class Until:
    what: str
    test: Callable[[], bool]
    seconds: float


def until(what: str, test: Callable[[], bool], seconds: float = 120.0) -> Until:
    """Wait until `test` holds; where it takes more than `seconds`, the story has failed."""
    return Until(what, test, seconds)


def say(*words: object) -> None:
    print(f"SHOTS {time.strftime('%H:%M:%S')}", *words, flush=True)
