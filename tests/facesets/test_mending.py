"""What an artist corrects by hand, from repairs.json into the faceset."""

import json
from pathlib import Path

import numpy as np
import pytest

from ml_backend.errors import UsageError
from ml_backend.facesets.extract import run_extract
from ml_backend.facesets.store import Faceset
from ml_backend.media.write import write_rgb
from ml_backend.progress import SilentReporter
from ml_backend.requests import ExtractRequest

FOOTAGE = Path(__file__).parents[2] / "demo" / "footage"
PLATE = FOOTAGE / "plate_A.mp4"


def repair(folder, *repairs):
    """Write the repairs of the plate as the extension does."""
    written = [{"source": str(PLATE), **one} for one in repairs]
    (folder / "repairs.json").write_text(json.dumps({"version": 1, "repairs": written}))


def faces_of(folder):
    return {face.frame: face for face in Faceset.open(folder).faces()}


@pytest.fixture
def again(eight_faces, extract):
    """Extract the same frames again."""

    def run(frames="1-8"):
        return extract(eight_faces, PLATE, frames=frames)

    return run


def test_repairs_are_applied_and_survive_further_extractions(eight_faces, again, content):
    before = faces_of(eight_faces)
    low, high = before[5].landmarks[:, :2].min(0), before[5].landmarks[:, :2].max(0)
    middle, box = ((low + high) / 2).tolist(), [*(low + 6).tolist(), *(high + 6).tolist()]
    eye = before[6].landmarks[33, :2] + [4, 3]
    repair(
        eight_faces,
        {"frame": 3, "action": "delete", "at": middle},
        {"frame": 5, "action": "move", "at": middle, "box": box},
        {"frame": 6, "action": "landmarks", "at": middle, "points": {"33": eye.tolist()}},
    )
    result = again()
    assert (result["faces"], result["repaired"], result["frames_without_face"]) == (7, 2, 1)
    after = faces_of(eight_faces)
    assert sorted(after) == [1, 2, 4, 5, 6, 7, 8]
    assert [after[n].repaired for n in (1, 5, 6)] == [False, True, True]
    assert np.abs(after[6].landmarks[33, :2] - eye).max() < 1e-3
    assert np.abs(after[6].landmarks[152] - before[6].landmarks[152]).max() < 1, "the chin stays"
    for frame in (1, 2, 4, 7, 8):
        assert np.array_equal(after[frame].landmarks, before[frame].landmarks)
        assert after[frame].path.read_bytes() == before[frame].path.read_bytes()
    repaired = content(eight_faces)
    again()
    assert content(eight_faces) == repaired, "the same again does nothing"
    again("1-10")
    longer = faces_of(eight_faces)
    assert 3 not in longer
    assert np.abs(longer[6].landmarks[33, :2] - eye).max() < 1e-3


def test_repairs_that_are_taken_back_leave_no_trace(eight_faces, again, content):
    before = content(eight_faces)
    low, high = faces_of(eight_faces)[4].landmarks[:, :2].min(0), faces_of(eight_faces)[4].landmarks[:, :2].max(0)
    repair(eight_faces, {"frames": "3-5", "action": "delete", "at": ((low + high) / 2).tolist()})
    assert again()["faces"] == 5
    assert len(list((eight_faces / "faces").iterdir())) == 5
    repair(eight_faces)
    assert again()["faces"] == 8
    assert content(eight_faces) == before


def test_a_face_is_added_where_the_detector_found_nobody(tmp_path, extract):
    shots = tmp_path / "shots"
    for number in (1, 2):
        write_rgb(shots / f"shot.{number:04d}.png", np.full((384, 384, 3), 90 + number, np.uint8))
    assert extract(tmp_path / "faces", shots)["faces"] == 0
    entry = {"source": str(shots), "frame": 2, "action": "add", "box": [100, 100, 220, 240]}
    (tmp_path / "faces" / "repairs.json").write_text(json.dumps({"version": 1, "repairs": [entry]}))
    result = extract(tmp_path / "faces", shots)
    assert (result["faces"], result["repaired"]) == (1, 1)
    (face,) = Faceset.open(tmp_path / "faces").faces()
    assert face.frame == 2
    assert np.abs((face.landmarks[:, :2].min(0) + face.landmarks[:, :2].max(0)) / 2 - [160, 170]).max() < 15


def test_a_point_without_a_face_is_told(eight_faces, consent):
    class Told(SilentReporter):
        def __init__(self):
            self.lines = []

        def message(self, text):
            self.lines.append(text)

    repair(eight_faces, {"frame": 4, "action": "landmarks", "at": [5, 5], "points": {"33": [8, 8]}})
    told = Told()
    request = ExtractRequest(sources=[str(PLATE)], faceset=eight_faces, frames="1-8", size=64, consent=consent)
    assert run_extract(request, told)["repaired"] == 0
    assert len(told.lines) == 1
    assert "frame 4" in told.lines[0]


@pytest.mark.parametrize("text", ["{", '{"version": 1, "repairs": [{"action": "paint"}]}', "[]"])
def test_damaged_repairs_are_named_and_nothing_is_changed(text, eight_faces, again, content):
    before = content(eight_faces)
    (eight_faces / "repairs.json").write_text(text)
    with pytest.raises(UsageError, match=r"repairs\.json"):
        again()
    assert content(eight_faces) == before
