"""Facesets of a few frames of the demo's footage."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ml_backend.facesets.extract import run_extract
from ml_backend.progress import SilentReporter
from ml_backend.requests import ExtractRequest

FOOTAGE = Path(__file__).parents[2] / "demo" / "footage"
PLATE = FOOTAGE / "plate_A.mp4"


class StopAfter(SilentReporter):
    """Asks to stop after some frames."""

    def __init__(self, frames: int) -> None:
        self._left = frames

    def stop_requested(self) -> bool:
        self._left -= 1
        return self._left <= 0


@pytest.fixture(scope="session")
def extract() -> Callable[..., dict[str, Any]]:
    """extract(folder, *sources, stop_after=None, **more of the request), in crops of 64 pixels."""

    def run(folder: Path, *sources: Any, stop_after: int | None = None, **more: Any) -> dict[str, Any]:
        request = ExtractRequest(
            sources=[source if isinstance(source, dict) else str(source) for source in sources],
            faceset=folder,
            **{"size": 64, **more},
        )
        return run_extract(request, SilentReporter() if stop_after is None else StopAfter(stop_after))

    return run


@pytest.fixture(scope="session")
def _eight_faces(tmp_path_factory: pytest.TempPathFactory, extract: Callable[..., dict[str, Any]]) -> Path:
    folder = tmp_path_factory.mktemp("facesets") / "eight"
    extract(folder, PLATE, frames="1-8", identity="performer_A")
    return folder


@pytest.fixture
def eight_faces(_eight_faces: Path, tmp_path: Path) -> Path:
    """A faceset of the plate's first eight frames, to spoil."""
    return Path(shutil.copytree(_eight_faces, tmp_path / "eight faces"))


@pytest.fixture(scope="session")
def content() -> Callable[[Path], dict[str, Any]]:
    """All that a faceset holds: the rows of its tables and the bytes of its pictures."""

    def read(folder: Path) -> dict[str, Any]:
        connection = sqlite3.connect(folder / "index.sqlite")
        orders = {"source": "id", "frame": "source, number", "face": "file"}
        tables = {
            name: connection.execute(f"SELECT * FROM {name} ORDER BY {by}").fetchall() for name, by in orders.items()
        }
        connection.close()
        pictures = {file.name: file.read_bytes() for file in (folder / "faces").iterdir()}
        return tables | {"pictures": pictures, "info": (folder / "faceset.json").read_bytes()}

    return read
