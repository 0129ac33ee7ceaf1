"""How a job tells what it does, and hears that it should stop."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol


class Reporter(Protocol):
    """What a job talks to: a terminal, a service's event log, or nothing."""

    def progress(self, stage: str, done: float, total: float, figures: Mapping[str, float] | None = None) -> None:
        """`done` of `total` units of `stage` are finished; `figures` are named numbers to show."""

    def message(self, text: str) -> None:
        """One line that somebody should read."""

    def detail(self, text: str) -> None:
        """One line for the log, of which nothing follows for whoever waits."""

    def preview(self, path: Path) -> None:
        """A picture worth looking at was written to `path`."""

    def stop_requested(self) -> bool:
        """Should the job stop at the next safe point? It then raises `Cancelled`."""


class SilentReporter:
    """Says nothing and never stops."""

    def progress(self, stage: str, done: float, total: float, figures: Mapping[str, float] | None = None) -> None:
        pass

    def message(self, text: str) -> None:
        pass

    def detail(self, text: str) -> None:
        pass

    def preview(self, path: Path) -> None:
        pass

    def stop_requested(self) -> bool:
        return False
