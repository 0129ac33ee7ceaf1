"""The list of repairs: its form, what is refused, and that no crash leaves half of it."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blender_deepfake.core import repairs, typed_values, whole_file
from blender_deepfake.core.errors import DeepfakeError, UsageError

PLATE = Path("/shots/plate é.mp4")
EACH = [
    repairs.delete(PLATE, 12, (640.123, 210)),
    repairs.add(PLATE, 13, (300, 280, 200.5, 150), 12.345),
    repairs.move(PLATE, 14, (10, 20), (0, 0, 50, 60)),
    repairs.landmarks(PLATE, 15, (10, 20), {263: (5, 6.789), 33: (1, 2)}),
]


def test_the_form_is_what_the_backend_reads(tmp_path: Path) -> None:
    for repair in EACH:
        repairs.append(tmp_path, repair)
    source = str(PLATE)
    assert json.loads((tmp_path / "repairs.json").read_text("utf-8")) == {
        "version": 1,
        "repairs": [
            {"source": source, "frame": 12, "action": "delete", "at": [640.12, 210]},
            {"source": source, "frame": 13, "action": "add", "box": [200.5, 150, 300, 280], "roll": 12.35},
            {"source": source, "frame": 14, "action": "move", "at": [10, 20], "box": [0, 0, 50, 60], "roll": 0.0},
            {
                "source": source,
                "frame": 15,
                "action": "landmarks",
                "at": [10, 20],
                "points": {"33": [1, 2], "263": [5, 6.79]},
            },
        ],
    }
    assert repairs.read(tmp_path) == EACH
    assert [file.name for file in tmp_path.iterdir()] == ["repairs.json"], "nothing half-written is left"


def test_taken_back_one_after_the_other(tmp_path: Path) -> None:
    for repair in EACH[:2]:
        repairs.append(tmp_path, repair)
    assert [repairs.remove_last(tmp_path), repairs.remove_last(tmp_path)] == [EACH[1], EACH[0]]
    with pytest.raises(UsageError, match="no repairs to take back"):
        repairs.remove_last(tmp_path)


def test_repairs_of_a_frame(tmp_path: Path) -> None:
    by_hand = {"source": str(PLATE), "frames": "10-12", "action": "delete", "at": [1, 2]}
    wrong = {"source": str(PLATE), "frames": "ten", "action": "delete", "at": [1, 2]}
    everything = [*EACH, by_hand, wrong]
    assert repairs.of_frame(everything, PLATE, 12) == [EACH[0], by_hand]
    assert repairs.of_frame(everything, PLATE, 13) == [EACH[1]]
    assert repairs.of_frame(everything, Path("/other.mp4"), 12) == []


@pytest.mark.parametrize(
    "content", ["", "[]", '{"version": 1}', '{"version": 1, "repairs": [3]}', '{"version": 1, "repairs": {}}']
)
def test_a_damaged_list_is_told_and_left(tmp_path: Path, content: str) -> None:
    file = tmp_path / "repairs.json"
    file.write_text(content)
    for call in (lambda: repairs.append(tmp_path, EACH[0]), lambda: repairs.remove_last(tmp_path)):
        with pytest.raises(DeepfakeError, match="cannot be read"):
            call()
    assert file.read_text() == content


def test_a_later_version_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "repairs.json").write_text('{"version": 2, "repairs": []}')
    with pytest.raises(DeepfakeError, match="version 2"):
        repairs.append(tmp_path, EACH[0])


def test_what_cannot_be_meant_is_refused() -> None:
    with pytest.raises(UsageError, match="too small"):
        repairs.add(PLATE, 1, (10, 10, 17, 100))
    with pytest.raises(UsageError, match="No point"):
        repairs.landmarks(PLATE, 1, (1, 2), {})


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DeepfakeError) as raised:
        repairs.append(tmp_path / "file", EACH[0])
    assert raised.value.fix


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repairs.append(tmp_path, EACH[0])

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(DeepfakeError, match="No space left"):
        repairs.append(tmp_path, EACH[1])
    monkeypatch.undo()
    assert repairs.read(tmp_path) == [EACH[0]]
    assert [file.name for file in tmp_path.iterdir()] == ["repairs.json"]
    whole_file.write_bytes(tmp_path / "new" / "x", b"1")
    assert (tmp_path / "new" / "x").read_bytes() == b"1"


@given(st.dictionaries(st.integers(0, 477), st.tuples(st.integers(-999, 9999), st.integers(-999, 9999)), min_size=1))
def test_typed_points_there_and_back(points: dict[int, tuple[int, int]]) -> None:
    assert typed_values.points(typed_values.of_points(points).split()) == points


def test_typed_values() -> None:
    assert typed_values.point("640, 210.5") == (640, 210.5)
    assert typed_values.box("1,2,3,4") == (1, 2, 3, 4)
    for call, text in (
        (typed_values.point, "640"),
        (typed_values.point, "a,b"),
        (typed_values.point, "nan,1"),
        (typed_values.box, "1,2,3"),
        (typed_values.box, "1,2,3,inf"),
    ):
        with pytest.raises(UsageError, match="is not a"):
            call(text)
    for word in ("33", "478=1,2", "eye=1,2", "33=1"):
        with pytest.raises(UsageError):
            typed_values.points([word])
