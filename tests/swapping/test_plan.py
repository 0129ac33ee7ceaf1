"""Who is replaced, and where: decided for the whole plate before the first pixel is made."""

from pathlib import Path

import numpy as np
import pytest

from ml_backend.media.source import open_source
from ml_backend.media.write import write_rgb
from ml_backend.progress import SilentReporter
from ml_backend.swapping.footage import footage_state
from ml_backend.swapping.plan import EMBED_EVERY, PlateFaces, choose, find_faces
from ml_backend.swapping.settings import make_settings

PERFORMER = np.zeros(128, np.float32)


def plate_faces(*rows: tuple[int, int, float, float]) -> PlateFaces:
    """Rows of frame, track, the face's size in pixels, and how far the embedding is from the performer."""
    shape = np.random.default_rng(1).normal(0, 1, (478, 3))
    embeddings = np.zeros((len(rows), 128), np.float32)
    embeddings[:, 0] = [row[3] for row in rows]
    return PlateFaces(
        np.array([row[0] for row in rows]),
        np.array([row[1] for row in rows]),
        np.array([shape * row[2] for row in rows]),
        embeddings,
    )


def chosen(found: PlateFaces, **texts: str) -> dict[int, int]:
    faces = choose(found, make_settings(texts), PERFORMER)
    return {frame: len(several) for frame, several in faces.items()}


def test_a_track_is_the_performer_by_its_mean_embedding() -> None:
    faces = plate_faces((1, 0, 50, 0.2), (1, 1, 80, 0.9), (2, 0, 50, 0.7), (2, 1, 80, 0.5), (3, 1, 80, np.nan))
    assert chosen(faces) == {1: 1, 2: 1}
    assert chosen(faces, faces="all") == {1: 2, 2: 2, 3: 1}
    largest = choose(faces, make_settings({"faces": "largest", "smooth": "0"}), None)
    assert np.array_equal(largest[1][0], faces.landmarks[1])


def test_a_plate_without_faces_has_nothing_to_replace() -> None:
    for who in ("performer", "all", "largest"):
        assert chosen(plate_faces(), faces=who) == {}


def test_smoothing_stops_where_a_face_was_away() -> None:
    rows = [(frame, 0, 50.0, 0.1) for frame in (1, 2, 3, 8, 9, 10)]
    faces = plate_faces(*rows)
    faces.landmarks[3:] += 1000
    found = choose(faces, make_settings({}), PERFORMER)
    for row, frame in enumerate((1, 2, 3, 8, 9, 10)):
        assert np.abs(found[frame][0] - faces.landmarks[row]).max() < 1


def test_smoothing_is_the_setting_s() -> None:
    rng = np.random.default_rng(2)
    faces = plate_faces(*[(frame, 0, 50.0, 0.1) for frame in range(1, 9)])
    faces.landmarks[:] += rng.normal(0, 0.2, faces.landmarks.shape)
    raw = choose(faces, make_settings({"smooth": "0"}), PERFORMER)
    assert all(np.array_equal(raw[n + 1][0], faces.landmarks[n]) for n in range(8))
    smooth = choose(faces, make_settings({"smooth": "2"}), PERFORMER)
    jitter = [np.abs(np.diff([found[n][0] for n in range(1, 9)], 2, axis=0)).mean() for found in (raw, smooth)]
    assert jitter[1] < jitter[0]


def test_the_embedding_is_taken_now_and_then(footage: Path, tmp_path: Path) -> None:
    count = EMBED_EVERY + 2
    source = open_source(footage / "plate_A.mp4", f"1-{count}")
    faces = find_faces(source, tmp_path, SilentReporter())
    assert faces.frames.tolist() == list(range(1, count + 1))
    assert set(faces.tracks.tolist()) == {0}
    taken = np.isfinite(faces.embeddings).all(1)
    assert np.flatnonzero(taken).tolist() == [0, EMBED_EVERY]
    again = find_faces(source, tmp_path, SilentReporter())
    assert all(
        np.array_equal(a, b, equal_nan=True) for a, b in zip(vars(faces).values(), vars(again).values(), strict=True)
    )
    assert len(list(tmp_path.iterdir())) == 1


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
        assert (file, size) == (str(path.resolve()), path.stat().st_size)
