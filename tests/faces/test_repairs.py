"""repairs.json: what it says, what is wrong with it, and that it is written whole."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_backend.errors import BackendError, UsageError
from ml_backend.faces.repair import Add, Delete, Landmarks, Move
from ml_backend.faces.repairs import add_repair, read_repairs, repairs_for, write_repairs

PLATE = "/shots/plate.mp4"
DELETE = {"source": PLATE, "frame": 12, "action": "delete", "at": [640, 360]}
RANGE = {"source": PLATE, "frames": "12-14", "action": "delete", "at": [640.5, 360]}
ADD = {"source": PLATE, "frame": 31, "action": "add", "box": [600, 300, 700, 420], "roll": 0.0}
MOVE = {"source": PLATE, "frame": 32, "action": "move", "at": [640, 360], "box": [600, 300, 700, 420], "roll": -12.5}
POINTS = {"source": PLATE, "frame": 33, "action": "landmarks", "at": [640, 360], "points": {"33": [610, 340.25]}}


@pytest.fixture
def write(tmp_path):
    """write(*repairs): a file with these entries."""

    def make(*repairs: Any) -> Path:
        path = tmp_path / "repairs.json"
        path.write_text(json.dumps({"version": 1, "repairs": repairs}), "utf-8")
        return path

    return make


def test_every_kind_is_read_in_order(write):
    found = read_repairs(write(DELETE, RANGE, ADD, MOVE, POINTS))
    assert [type(one) for one in found] == [Delete, Delete, Add, Move, Landmarks]
    assert [list(one.numbers) for one in found] == [[12], [12, 13, 14], [31], [32], [33]]
    assert found[2].box == (600, 300, 700, 420)
    assert found[3].roll == -12.5
    assert found[4].points == {33: (610, 340.25)}
    without = read_repairs(write({key: value for key, value in ADD.items() if key != "roll"}))
    assert without == [found[2]]


def test_no_file_is_no_repairs(tmp_path):
    assert read_repairs(tmp_path / "repairs.json") == []
    with pytest.raises(UsageError, match="do not exist"):
        read_repairs(tmp_path / "repairs.json", required=True)


def test_a_source_is_its_resolved_path(write, tmp_path):
    plate = tmp_path / "shots" / "plate.mp4"
    plate.parent.mkdir()
    plate.write_bytes(b"film")
    (tmp_path / "link").symlink_to(plate.parent)
    names = ["shots/plate.mp4", str(plate), str(tmp_path / "link" / "plate.mp4"), "./shots/../shots/plate.mp4"]
    repairs = read_repairs(write(*[{**DELETE, "source": name} for name in names], {**DELETE, "source": "plate.mp4"}))
    assert {one.source for one in repairs[:4]} == {str(plate.resolve())}
    for asked in (plate, tmp_path / "link" / "plate.mp4"):
        assert repairs_for(repairs, asked) == {12: repairs[:4]}
    assert repairs_for(repairs, tmp_path / "plate.mp4") == {12: repairs[4:]}
    assert repairs_for(repairs, tmp_path / "other.mp4") == {}


def test_a_pattern_of_pictures_is_a_source(write, tmp_path):
    repairs = read_repairs(write({**DELETE, "source": "shot.####.png"}))
    assert list(repairs_for(repairs, tmp_path / "shot.####.png")) == [12]


def test_frames_of_one_source_in_order(write):
    repairs = read_repairs(write(RANGE, {**ADD, "frame": 13}, DELETE, {**DELETE, "source": "/other.mp4"}))
    found = repairs_for(repairs, Path(PLATE))
    assert {frame: [repairs.index(one) for one in ones] for frame, ones in found.items()} == {
        12: [0, 2],
        13: [0, 1],
        14: [0],
    }


@pytest.mark.parametrize(
    ("entry", "told", "fix"),
    [
        ({**DELETE, "action": "remove"}, "delete", "delete, add, move or landmarks"),
        ({"source": PLATE, "frame": 1, "at": [1, 2]}, "action", "delete, add, move or landmarks"),
        ({**DELETE, "colour": "red"}, "colour", "frame or frames"),
        ({**DELETE, "frame": -1}, "frame: .*not -1", '"frame": 12'),
        ({**DELETE, "frame": 1.5}, "frame: .*not 1.5", '"frame": 12'),
        ({**DELETE, "frame": "12"}, 'frame: .*not "12"', '"frame": 12'),
        ({**DELETE, "frame": True}, "frame: .*not true", '"frame": 12'),
        ({**DELETE, "frames": "1-2"}, "either frame or frames", "frame or frames"),
        ({key: value for key, value in DELETE.items() if key != "frame"}, "either frame or frames", "frame or frames"),
        ({**RANGE, "frames": "20-12"}, "end before they begin", "frame or frames"),
        ({**RANGE, "frames": "12"}, "frames: ", '"frames": "12-20"'),
        ({**ADD, "frames": "1-2"}, "frames: ", "source, frame, box"),
        ({**DELETE, "at": [1]}, "at", r"\[x, y\]"),
        ({**DELETE, "at": ["1", 2]}, 'at.0: .*not "1"', r"\[x, y\]"),
        ({**DELETE, "at": [1, 1e9]}, "at.1", r"\[x, y\]"),
        ({**ADD, "box": [1, 2, 3]}, "box", r"\[x0, y0, x1, y1\]"),
        ({**ADD, "box": [700, 300, 600, 420]}, "box: the box is -100 × 120 pixels", r"8 apart or more"),
        ({**ADD, "box": [600, 300, 700, 304]}, "box: the box is 100 × 4 pixels", r"8 apart or more"),
        ({**ADD, "box": None}, "box", r"\[x0, y0, x1, y1\]"),
        ({**ADD, "roll": 500}, "roll: .*not 500", "degrees"),
        ({**ADD, "track": -3}, "track: .*not -3", "track"),
        ({key: value for key, value in ADD.items() if key != "box"}, "box: Field required", "source, frame, box"),
        ({**POINTS, "points": {}}, "points", "0 to 477"),
        ({**POINTS, "points": {"478": [1, 2]}}, "points.478", "0 to 477"),
        ({**POINTS, "points": {"nose": [1, 2]}}, "points.nose", "0 to 477"),
        ({**POINTS, "points": {"33": [1, 2, 3]}}, "points.33", "0 to 477"),
        ({**DELETE, "source": ""}, "source", "source, frame or frames"),
        ("delete", "dict", "delete, add, move or landmarks"),
    ],
)
def test_a_wrong_entry_is_named_with_its_fix(write, entry, told, fix):
    path = write(DELETE, entry)
    with pytest.raises(UsageError, match=rf"{path}, repair 2.*{told}") as raised:
        read_repairs(path)
    assert re.search(fix, raised.value.fix)
    assert "\n" not in str(raised.value)
    if isinstance(entry, dict) and "frame" in entry:
        assert f"frame {entry['frame']} of" in raised.value.message


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "damaged"),
        ('{"version": 1, "repairs": [', "damaged"),
        ("[" * 100_000, "damaged"),
        ("[]", "are not"),
        ('{"version": 1}', "are not"),
        ('{"version": 1, "repairs": {}}', "are not"),
        ('{"version": 2, "repairs": []}', "version 2"),
        ('{"repairs": []}', "version None"),
        ('{"version": "1", "repairs": []}', "version 1"),
        ('{"version": 1, "repairs": [], "more": 1}', "more"),
        ('{"version": 1, "repairs": [], "repairs": []}', '"repairs" is there twice'),
        ('{"version": 1, "repairs": [{"source": "a", "frame": 1, "action": "delete", "at": [NaN, 1]}]}', "repair 1"),
        ('{"version": 1, "repairs": [{"source": "a", "frame": 1, "action": "delete", "at": [1e999, 1]}]}', "repair 1"),
    ],
)
def test_a_damaged_file_is_named(tmp_path, text, told):
    path = tmp_path / "repairs.json"
    path.write_text(text, "utf-8")
    with pytest.raises(UsageError, match=told) as raised:
        read_repairs(path)
    assert str(path) in raised.value.message
    assert raised.value.fix


def test_files_that_are_no_text(tmp_path):
    path = tmp_path / "repairs.json"
    path.write_bytes(b'{"version": 1, "repairs": ["\xff\xfe"]}')
    with pytest.raises(UsageError, match="UTF-8"):
        read_repairs(path)
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps({"version": 1, "repairs": [DELETE]}).encode())  # as Notepad does
    assert len(read_repairs(path)) == 1
    path.unlink()
    path.mkdir()
    with pytest.raises(BackendError, match="cannot be read"):
        read_repairs(path)


@given(st.binary(max_size=60))
def test_no_bytes_do_anything_else(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "any repairs.json"
    path.write_bytes(data)
    with pytest.raises(UsageError):
        read_repairs(path)


def test_adding_keeps_what_is_there(write, tmp_path):
    path = write(DELETE, POINTS)
    before = read_repairs(path)
    new = Add(source="plate.mp4", frame=3, action="add", box=(1, 2, 30, 40))
    after = add_repair(path, new)
    assert after == [*before, new.model_copy(update={"source": str(tmp_path / "plate.mp4")})]
    assert read_repairs(path) == after
    stored = json.loads(path.read_text("utf-8"))
    assert stored["repairs"][0] == {**DELETE, "at": [640.0, 360.0]}
    assert stored["repairs"][1]["points"] == {"33": [610.0, 340.25]}
    assert [file.name for file in tmp_path.iterdir()] == ["repairs.json"]


def test_adding_to_no_file_makes_one(tmp_path):
    path = tmp_path / "faceset" / "repairs.json"
    (one,) = add_repair(path, Delete(source=PLATE, frames="3-9", action="delete", at=(1, 2)))
    assert read_repairs(path) == [one]


def test_adding_to_a_damaged_file_leaves_it(tmp_path):
    path = tmp_path / "repairs.json"
    path.write_text('{"version": 1, "repairs": [', "utf-8")
    with pytest.raises(UsageError, match="damaged"):
        add_repair(path, Delete(source=PLATE, frame=3, action="delete", at=(1, 2)))
    assert path.read_text("utf-8") == '{"version": 1, "repairs": ['


def test_writing_where_a_file_is_in_the_way(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BackendError, match="cannot be written"):
        write_repairs(tmp_path / "file" / "repairs.json", [])
