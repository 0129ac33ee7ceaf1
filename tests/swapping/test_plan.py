"""Who is replaced, and where: decided for the whole plate before the first pixel is made."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from ml_backend import faces
from ml_backend.errors import Cancelled
from ml_backend.faces.detection import CenterFace
from ml_backend.faces.followed import TrackerState
from ml_backend.faces.landmarks import open_landmarker
from ml_backend.faces.mesh import FaceMesh
from ml_backend.faces.observation import Observation
from ml_backend.faces.regions import eye_distance
from ml_backend.faces.roi import roi_of_detection
from ml_backend.facesets.observations import Observations
from ml_backend.facesets.resolve import Footage
from ml_backend.media.source import open_source
from ml_backend.media.write import write_rgb
from ml_backend.progress import SilentReporter
from ml_backend.swapping.finder import finder_id
from ml_backend.swapping.footage import footage_state
from ml_backend.swapping.plan import Plan, find_faces, nearest, observations_file, wanted_tracks
from ml_backend.swapping.settings import make_settings

PERFORMER = np.zeros(128, np.float32)
ANNA, BEN = (0.3, 0), (0.9, 3)  # how far from the performer, and in which direction
Seen = tuple[int, int, tuple[float, int], float]
FootageOf = Callable[..., Footage]


@pytest.fixture(scope="session")
def shape(footage: Path) -> np.ndarray:
    """The landmarks of a real face, the outer eye corners 1 apart, around 0."""
    (frame,) = open_source(footage / "plate_A.mp4", "20").frames()
    points, _ = FaceMesh().settle(frame.image, [roi_of_detection(CenterFace()(frame.image)[0])])
    centred = points[0] - points[0].mean(0)
    return np.asarray(centred / eye_distance(centred))


@pytest.fixture
def footage_of(tmp_path: Path, shape: np.ndarray) -> Iterator[FootageOf]:
    """footage_of(*(frame, tracklet, who, eye distance), strength=1.0): faces seen on an invented plate."""
    with ExitStack() as stack:

        def make(*rows: Seen, strength: float = 1.0) -> Footage:
            observations = stack.enter_context(Observations.open(tmp_path / "seen.sqlite", {}))
            source = observations.source(tmp_path / "plate.mp4")
            frames = sorted({frame for frame, *_ in rows})
            seen = [(frame, 0, [observed(shape, row) for row in rows if row[0] == frame]) for frame in frames]
            if seen:
                observations.add(source, seen, TrackerState())
            return Footage(observations, tmp_path / "plate.mp4", source, strength)

        yield make


def observed(shape: np.ndarray, row: Seen) -> Observation:
    frame, tracklet, (away, direction), eyes = row
    embedding = np.zeros(128, np.float32)
    embedding[direction] = away
    place = np.array([300.0 * (1 + tracklet) + frame, 200, 0])
    return Observation(shape * eyes + place, 0.9, tracklet, embedding)


def chosen(found: Footage, **texts: str) -> set[int]:
    return wanted_tracks(found, make_settings(texts), PERFORMER)


def test_a_track_is_the_performer_by_what_was_seen_of_it(footage_of: FootageOf) -> None:
    rows = [
        (frame, tracklet, who, eyes) for frame in (1, 2, 3) for tracklet, who, eyes in ((0, ANNA, 50), (1, BEN, 80))
    ]
    found = footage_of(*rows)
    assert chosen(found) == {0}
    assert chosen(found, faces="all") == {0, 1}
    assert chosen(found, faces="largest") == {1}
    assert nearest(found, PERFORMER) == pytest.approx(0.3)


def test_a_plate_without_faces_has_nothing_to_replace(footage_of: FootageOf) -> None:
    found = footage_of()
    for who in ("performer", "all", "largest"):
        assert chosen(found, faces=who) == set()
    assert nearest(found, PERFORMER) is None
    assert list(Plan(found, set(), False).faces([1, 2, 5])) == [(1, []), (2, []), (5, [])]


def test_the_landmarks_are_those_of_the_frames_asked_for(footage_of: FootageOf) -> None:
    rows = [(frame, 0, ANNA, 50.0) for frame in (*range(1, 5), *range(40, 45))]
    found = footage_of(*rows, strength=0)
    plan = Plan(found, {track.number for track in found.tracks}, False)
    faces = [[face.landmarks for face in found] for _, found in plan.faces([2, 3, 20, 41, 60])]
    assert [len(several) for several in faces] == [1, 1, 0, 1, 0]
    assert faces[3][0][:, 0].mean() == pytest.approx(341, abs=1e-3)


def test_a_short_loss_is_filled_and_a_long_one_is_not(footage_of: FootageOf) -> None:
    rows = [(frame, 0, ANNA, 50.0) for frame in (1, 2, 3, 4, 9, 10, 60, 61)]
    found = footage_of(*rows)
    faces = [face for _, several in found.faces({0}) for face in several]
    assert [face.interpolated for face in faces] == [False] * 4 + [True] * 4 + [False] * 4
    assert [frame for frame, _ in found.faces({0})] == [*range(1, 11), 60, 61]
    for gaps, painted in ((False, [1, 0, 0, 1]), (True, [1, 1, 1, 1])):
        assert [len(several) for _, several in Plan(found, {0}, gaps).faces([4, 5, 8, 9])] == painted


def test_the_search_goes_on_where_it_was_stopped(footage: Path, tmp_path: Path) -> None:
    class StopAfter(SilentReporter):
        def __init__(self, frames: int) -> None:
            self.left = frames

        def stop_requested(self) -> bool:
            self.left -= 1
            return self.left <= 0

    source = open_source(footage / "plate_A.mp4", "1-12")
    told: list[float] = []

    class Told(SilentReporter):
        def progress(self, stage: str, done: float, total: float, figures: object = None) -> None:
            told.append(done)

    mesh = open_landmarker()
    with pytest.raises(Cancelled), find_faces(source, source, tmp_path / "a", mesh, 1.0, StopAfter(5)):
        pass
    results = []
    for cache, reporter in (("a", Told()), ("b", SilentReporter())):
        with find_faces(source, source, tmp_path / cache, mesh, 1.0, reporter) as found:
            results.append(np.stack([face.landmarks for _, several in found.faces({0}) for face in several]))
    assert told == list(range(6, 13)), "the first five frames were not searched again"
    assert np.array_equal(results[0], results[1])
    assert results[0].shape == (12, 478, 3)


@pytest.mark.parametrize("named", ["plate", "plate/shot.####.png", "plate/shot.%04d.png"])
def test_the_state_of_a_sequence_is_that_of_its_pictures(tmp_path: Path, named: str) -> None:
    plate = tmp_path / "plate"
    for number in (1, 2, 3):
        write_rgb(plate / f"shot.{number:04d}.png", np.full((8, 8, 3), number, np.uint8))
    state = footage_state(open_source(tmp_path / named).info)
    assert [Path(file).name for file, _, _ in state] == [f"shot.{n:04d}.png" for n in (1, 2, 3)]
    assert footage_state(open_source(tmp_path / named, "2").info) == state, "whatever range is selected"
    (plate / "notes.txt").write_text("beside them")
    assert footage_state(open_source(tmp_path / named).info) == state
    write_rgb(plate / "shot.0002.png", np.full((8, 8, 3), 200, np.uint8))
    assert footage_state(open_source(tmp_path / named).info) != state


def test_the_state_of_one_file_is_its_own(tmp_path: Path, footage: Path) -> None:
    for number in (1, 2):
        write_rgb(tmp_path / f"still.{number}.png", np.zeros((8, 8, 3), np.uint8))
    for path in (tmp_path / "still.1.png", footage / "plate_A.mp4"):
        ((file, size, _),) = footage_state(open_source(path).info)
        assert (file, size) == (path.name, path.stat().st_size)


def test_faces_that_other_code_has_found_are_found_anew(
    footage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, mesh = open_source(footage / "plate_A.mp4", "1-2"), open_landmarker("mesh")
    before = observations_file(tmp_path, source, mesh)
    room = tmp_path / "faces"
    shutil.copytree(faces.__path__[0], room)
    tracking = (room / "tracking.py").read_bytes()
    monkeypatch.setattr(faces, "__path__", [str(room)])
    try:
        for content, same in ((tracking.replace(b"\n", b"\r\n"), True), (tracking + b"NEW = 1\n", False)):
            (room / "tracking.py").write_bytes(content)
            finder_id.cache_clear()
            assert (observations_file(tmp_path, source, mesh) == before) == same
    finally:
        finder_id.cache_clear()
