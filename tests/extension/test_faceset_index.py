"""What the extension reads of a faceset is what the backend wrote: a real extraction, and damaged ones."""

import json
import sqlite3
import struct
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest

from blender_deepfake.core import faceset_index, repairs
from blender_deepfake.core.errors import DeepfakeError
from blender_deepfake.core.faceset_index import IndexedFace
from ml_backend.cli import main
from ml_backend.errors import UsageError
from ml_backend.faces.repairs import read_repairs
from ml_backend.facesets.extract import run_extract
from ml_backend.facesets.merge import run_merge
from ml_backend.facesets.store import Faceset
from ml_backend.media.source import open_source
from ml_backend.media.write import write_rgb
from ml_backend.progress import SilentReporter
from ml_backend.requests import ExtractRequest, Plate

PLATE = Path(__file__).parents[2] / "demo" / "footage" / "plate_A.mp4"


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fäces") / "anna"
    run_extract(ExtractRequest(sources=[str(PLATE)], faceset=folder, frames="4-7"), SilentReporter())
    return folder


def test_faces_are_those_of_the_backend(extracted: Path) -> None:
    stored = Faceset.open(extracted).faces()
    assert [face.frame for face in stored] == [4, 5, 6, 7]
    assert faceset_index.names(extracted) == [face.path.name for face in stored]
    for face in stored:
        (found,) = faceset_index.faces(extracted, PLATE, face.frame)
        assert (found.file, found.frame, found.track) == (face.path.name, face.frame, face.track)
        assert found.points == tuple((x, y) for x, y in face.landmarks[:, :2].tolist())
        assert faceset_index.face_at([found], found.middle) is found
    assert faceset_index.faces(extracted, PLATE, 8) == []
    assert faceset_index.faces(extracted, Path("/other.mp4"), 4) == []


def test_points_lie_in_the_pixels_of_the_file_whatever_their_shape(extracted: Path, tmp_path: Path) -> None:
    wide, faceset = tmp_path / "wide", tmp_path / "faces"
    for frame in open_source(PLATE, "4-5").frames():
        size = frame.image.shape[1] // 2, frame.image.shape[0]
        write_rgb(wide / f"{frame.number}.png", cv2.resize(frame.image, size, interpolation=cv2.INTER_AREA))
    asked = ExtractRequest(sources=[Plate(source=str(wide), pixel_aspect=2)], faceset=faceset)
    narrow = asked.model_copy(update={"sources": [str(wide)]})
    with pytest.raises(UsageError, match="person 7"):  # what was seen then is kept, and of no use below
        run_extract(narrow.model_copy(update={"person": "7"}), SilentReporter())
    assert run_extract(asked, SilentReporter())["faces"] == 2
    (found,), (square,) = faceset_index.faces(faceset, wide, 4), faceset_index.faces(extracted, PLATE, 4)
    away = np.array(found.points) - (np.array(square.points) + 0.5) * (0.5, 1) + 0.5
    assert np.abs(away).mean() < 0.5
    with pytest.raises(UsageError, match="pixels of another shape"):
        run_extract(narrow, SilentReporter())
    lines = tmp_path / "faces.jsonl"
    assert main(["faceset", "export", str(faceset), "--out", str(lines)]) == 0
    told = [json.loads(line) for line in lines.read_text().splitlines()]
    exported = next(face for face in told if face.get("frame") == 4)
    assert np.abs(np.array(exported["landmarks478"])[:, :2] - found.points).max() < 0.01
    repairs.append(faceset, repairs.delete(wide, 5, found.middle))
    x, y = found.points[33]
    repairs.append(faceset, repairs.landmarks(wide, 4, found.middle, {33: (x + 4, y)}))
    run_extract(asked, SilentReporter())
    assert faceset_index.faces(faceset, wide, 5) == []
    (moved,) = faceset_index.faces(faceset, wide, 4)
    assert moved.points[33][0] == pytest.approx(x + 4, abs=0.1)
    point = f"4:{found.middle[0]:.0f},{found.middle[1]:.0f}"
    run_merge([faceset], tmp_path / "merged", SilentReporter())
    assert faceset_index.faces(tmp_path / "merged", wide, 4)[0].points == moved.points
    like = {"faceset": tmp_path / "narrow", "size": Faceset.open(faceset).info.size}
    run_extract(narrow.model_copy(update=like), SilentReporter())
    with pytest.raises(UsageError, match="pixels of different shapes"):
        run_merge([faceset, tmp_path / "narrow"], tmp_path / "mixed", SilentReporter())
    chosen = run_extract(asked.model_copy(update={"person": point, "faceset": tmp_path / "pointed"}), SilentReporter())
    assert chosen["faces"] == 2


def test_what_is_written_there_the_backend_can_read(extracted: Path) -> None:
    (face,) = faceset_index.faces(extracted, PLATE, 5)
    written = [
        repairs.delete(PLATE, 4, face.middle),
        repairs.add(PLATE, 5, (10, 20, 60, 80), 12.5),
        repairs.move(PLATE, 6, face.middle, face.box, face.roll),
        repairs.landmarks(PLATE, 7, face.middle, {33: face.points[33]}),
    ]
    for repair in written:
        repairs.append(extracted, repair)
    read = read_repairs(extracted / "repairs.json")
    assert [one.model_dump(mode="json", exclude_none=True) for one in read] == [
        {**repair, "source": str(PLATE.resolve())} for repair in written
    ]


def test_only_pictures_that_are_there_and_used_count(extracted: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    (copy / "faces").mkdir(parents=True)
    (copy / "index.sqlite").write_bytes((extracted / "index.sqlite").read_bytes())
    names = faceset_index.names(extracted)
    for name in names[1:]:
        (copy / "faces" / name).touch()
    with closing(sqlite3.connect(copy / "index.sqlite")) as index, index:
        index.execute("CREATE TABLE IF NOT EXISTS left_out (file TEXT PRIMARY KEY, reason TEXT NOT NULL)")
        index.execute("INSERT INTO left_out VALUES (?, 'blurred')", (names[1],))
    assert faceset_index.names(copy) == names[2:]
    assert faceset_index.faces(copy, PLATE, 4) == []


def face(x: float, y: float, reach: float) -> IndexedFace:
    points = [(x, y)] * 478
    points[0], points[1] = (x - reach, y - reach), (x + reach, y + reach)
    return IndexedFace("f.png", 1, 0, tuple(points))


def test_of_faces_that_overlap_the_nearest_is_meant() -> None:
    one, other = face(100, 100, 50), face(140, 100, 50)
    assert faceset_index.face_at([one, other], (110, 90)) is one
    assert faceset_index.face_at([one, other], (130, 90)) is other
    assert faceset_index.face_at([one, other], (100, 151)) is None
    points = list(one.points)
    points[33], points[263] = (100, 100), (120, 80)
    assert IndexedFace("f.png", 1, 0, tuple(points)).roll == pytest.approx(45), "counter-clockwise is positive"


def test_damaged_and_busy_indexes_are_told(extracted: Path, tmp_path: Path) -> None:
    assert faceset_index.faces(tmp_path, PLATE, 1) == []
    assert faceset_index.names(tmp_path) == []
    file = tmp_path / "index.sqlite"
    file.write_bytes(b"no database, whatever its name says")
    with pytest.raises(DeepfakeError, match="cannot be read"):
        faceset_index.names(tmp_path)
    file.write_bytes((extracted / "index.sqlite").read_bytes())
    with closing(sqlite3.connect(file, isolation_level=None)) as index:
        index.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DeepfakeError, match="locked") as raised:
            faceset_index.names(tmp_path)
        assert "Wait" in raised.value.fix
        index.execute("ROLLBACK")
        index.execute("UPDATE face SET landmarks = ? WHERE number = 5", (struct.pack("<3f", 1, 2, 3),))
    (tmp_path / "faces").symlink_to(extracted / "faces")
    with pytest.raises(DeepfakeError, match="3 numbers"):
        faceset_index.faces(tmp_path, PLATE, 5)
    assert faceset_index.faces(tmp_path, PLATE, 6)


def test_nothing_is_written(extracted: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in extracted.rglob("*")}
    faceset_index.names(extracted)
    faceset_index.faces(extracted, PLATE, 5)
    assert {path: path.stat().st_mtime_ns for path in extracted.rglob("*")} == before
