"""Who comes into a shot while the detector does not look is there from the first frame, however frames are read."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from ml_backend.errors import BackendError, Cancelled
from ml_backend.faces.tracking import FaceTracker
from ml_backend.facesets import entries
from ml_backend.facesets.observations import Observations, Seen
from ml_backend.facesets.observe import observe
from ml_backend.media.frame import Frame, Source
from ml_backend.media.movie import write_movie
from ml_backend.media.source import open_source

from .conftest import PLATE, TAKE

COMES, FRAMES = 12, 30
LOOKS = 15  # frames between two looks of the detector


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A is there all the time; B, who is small, from frame 12 on."""
    path = tmp_path_factory.mktemp("entries") / "film.mp4"

    def pictures() -> Iterator[np.ndarray]:
        pairs = zip(open_source(PLATE).frames(), open_source(TAKE).frames(), strict=True)
        for n, (a, b) in enumerate(pairs, 1):
            if n > FRAMES:
                return
            picture = np.full((384, 640, 3), 110, np.uint8)
            picture[:, :384] = a.image
            if n >= COMES:
                picture[150:280, 440:570] = cv2.resize(b.image, (130, 130), interpolation=cv2.INTER_AREA)
            yield picture

    write_movie(path, pictures(), Fraction(25), crf=16)
    return path


class Patient(FaceTracker):
    """Lets the detector look every so many frames, whatever changes in the picture."""

    def _is_due(self, image: np.ndarray, sudden: bool) -> bool:
        return self.state.unlooked >= LOOKS


def seen(
    film: Path, file: Path, frames: str | None = None, stop: int | None = None, source: Source | None = None
) -> list[Seen]:
    source = source or open_source(film, frames)
    looked = 0

    def stop_here() -> bool:
        nonlocal looked
        looked += 1
        return looked == stop

    with Observations.open(file, {}) as observations:
        observe(source, source.numbers, observations, Patient(), stop_here)
        return observations.between(observations.source(film), 0, FRAMES)


def frames_of(found: list[Seen], tracklet: int) -> list[int]:
    return [one.frame for one in found if one.tracklet == tracklet]


@pytest.fixture(scope="module")
def undisturbed(film: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Seen]:
    return seen(film, tmp_path_factory.mktemp("seen") / "undisturbed.sqlite")


def assert_same(found: list[Seen], expected: list[Seen]) -> None:
    assert [(one.frame, one.tracklet) for one in found] == [(one.frame, one.tracklet) for one in expected]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one.landmarks, other.landmarks, atol=1e-2)


def test_a_newcomer_is_there_from_the_first_frame_and_not_before(undisturbed):
    assert frames_of(undisturbed, 0) == list(range(1, FRAMES + 1))
    assert frames_of(undisturbed, 1) == list(range(COMES, FRAMES + 1))


def test_without_going_back_the_newcomer_is_late(film):
    tracker, first = Patient(), 0
    for frame in open_source(film).frames():
        if len(tracker(frame.image)) == 2:
            first = frame.number
            break
    assert first > COMES, "or the tests here show nothing"


@pytest.mark.parametrize("stop", [13, 15, 16])
def test_stopped_and_resumed_is_as_if_never_stopped(stop, film, undisturbed, tmp_path):
    with pytest.raises(Cancelled):
        seen(film, tmp_path / "seen.sqlite", stop=stop)
    assert_same(seen(film, tmp_path / "seen.sqlite"), undisturbed)


def test_frames_that_are_not_in_memory_any_more_are_read_again(film, undisturbed, tmp_path, monkeypatch):
    monkeypatch.setattr(entries, "KEPT_BYTES", 1)
    assert_same(seen(film, tmp_path / "seen.sqlite"), undisturbed)


def test_no_more_frames_are_kept_than_asked_for(monkeypatch):
    frame = Frame(1, np.zeros((10, 10, 3), np.uint8))
    for kept_bytes, count in ((1, 1), (300 * 5, 5), (10**9, entries.KEPT_FRAMES)):
        monkeypatch.setattr(entries, "KEPT_BYTES", kept_bytes)
        recent = entries.Recent()
        for _ in range(40):
            recent.add(frame)
        assert len(recent) == count


def test_frames_that_were_not_asked_for_are_not_looked_at(film, undisturbed, tmp_path):
    """The newcomer is seen late in the second part; the first part is known, and is not one of its frames."""
    seen(film, tmp_path / "seen.sqlite", "1-13")
    found = seen(film, tmp_path / "seen.sqlite", "14-30")
    assert frames_of(found, 1) == list(range(14, FRAMES + 1))


class ReadOnce:
    """A film that can be read forwards once, as where a disk goes away."""

    def __init__(self, source: Source) -> None:
        self._source, self._calls = source, 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._source, name)

    def frames(self, numbers: list[int] | None = None) -> Iterator[Frame]:
        self._calls += 1
        if self._calls > 1:
            raise BackendError("The disk is gone.", "Bring it back.")
        return self._source.frames(numbers)


def test_a_past_that_cannot_be_read_again_is_done_without(film, tmp_path, monkeypatch):
    monkeypatch.setattr(entries, "KEPT_BYTES", 1)
    found = seen(film, tmp_path / "seen.sqlite", source=ReadOnce(open_source(film)))
    assert frames_of(found, 0) == list(range(1, FRAMES + 1))
    first = frames_of(found, 1)[0]
    assert first > COMES
    assert frames_of(found, 1) == list(range(first, FRAMES + 1))
