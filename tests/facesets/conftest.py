"""Facesets of a few frames of the demo's footage."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ml_backend.facesets.extract import run_extract
from ml_backend.facesets.store import StoredFace
from ml_backend.media.write import write_rgb
from ml_backend.progress import SilentReporter
from ml_backend.requests import ExtractRequest

FOOTAGE = Path(__file__).parents[2] / "demo" / "footage"
PLATE = FOOTAGE / "plate_A.mp4"
TAKE = FOOTAGE / "identity_B_take1.mp4"


class StopAfter(SilentReporter):
    """Asks to stop after some frames."""

    def __init__(self, frames: int) -> None:
        self._left = frames

    def stop_requested(self) -> bool:
        self._left -= 1
        return self._left <= 0


@pytest.fixture(scope="session")
def extract(consent: Path) -> Callable[..., dict[str, Any]]:
    """extract(folder, *sources, stop_after=None, **more of the request), in crops of 64 pixels."""

    def run(folder: Path, *sources: Any, stop_after: int | None = None, **more: Any) -> dict[str, Any]:
        request = ExtractRequest(
            sources=[source if isinstance(source, dict) else str(source) for source in sources],
            faceset=folder,
            **{"size": 64, "consent": consent, **more},
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


@pytest.fixture(scope="session")
def _two_people(tmp_path_factory: pytest.TempPathFactory, extract: Callable[..., dict[str, Any]]) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("facesets")
    for name, clip in (("performer_A", PLATE), ("identity_B", TAKE)):
        extract(folder / name, clip, frames="1-24", identity=name, size=128)
    return {name: folder / name for name in ("performer_A", "identity_B")}


@pytest.fixture
def two_people(_two_people: dict[str, Path], tmp_path: Path) -> dict[str, Path]:
    """Facesets of 24 frames of each actor in crops of 128 pixels, to spoil."""
    return {name: Path(shutil.copytree(folder, tmp_path / name)) for name, folder in _two_people.items()}


@pytest.fixture(scope="session")
def add_face() -> Callable[..., None]:
    """add_face(faceset, face, name, picture=None, source=None): put a face, of any faceset, into the index and on disk.

    Its frame is 1000 later; `source` is the path that it shall have come from.
    """

    def add(folder: Path, face: StoredFace, name: str, picture: Any = None, source: str | None = None) -> None:
        path = str(face.source) if source is None else source
        with sqlite3.connect(folder / "index.sqlite") as connection:
            connection.execute("INSERT OR IGNORE INTO source (path, label) VALUES (?, ?)", (path, Path(path).stem))
            (number,) = connection.execute("SELECT id FROM source WHERE path = ?", (path,)).fetchone()
            frame = face.frame + 1000
            connection.execute("INSERT OR IGNORE INTO frame VALUES (?, ?, 1)", (number, frame))
            data = (face.landmarks.astype("<f4"), face.matrix.astype("<f8"), face.embedding.astype("<f4"))
            flags = (face.landmark_model, int(face.interpolated), int(face.repaired))
            row = (name, number, frame, face.track, face.score, *flags, *(values.tobytes() for values in data))
            connection.execute(f"INSERT INTO face VALUES ({', '.join('?' * len(row))})", row)
        connection.close()
        write_rgb(folder / "faces" / name, face.read_crop() if picture is None else picture)

    return add
