"""Who is first seen in the middle of a shot is followed back, and nobody else is."""

from dataclasses import replace

import numpy as np
import pytest

from ml_backend.faces.backwards import Steps, Trail, go_back
from ml_backend.faces.examining import Examiner
from ml_backend.faces.tracking import FaceTracker

Frames = list[tuple[int, np.ndarray]]


@pytest.fixture(scope="module")
def examiner() -> Examiner:
    return FaceTracker().examiner


@pytest.fixture
def begun(pictures) -> Trail:
    """The actor of plate_A as first seen in its frame 40."""
    (face,) = FaceTracker()(pictures("plate_A", 40, 40)[0])
    return Trail.of(face)


def latest_first(images: list[np.ndarray], last: int = 39) -> Frames:
    return [(last - n, image) for n, image in enumerate(images[::-1])]


def test_a_face_is_followed_back_to_where_the_landmarks_are_that_are_found_forwards(pictures, begun, examiner):
    frames = latest_first(pictures("plate_A", 28, 39))
    steps, trail = go_back(examiner, frames, begun, {})
    assert [number for number, _ in steps] == list(range(39, 27, -1))
    assert trail is not None
    assert trail.checks == 13
    tracker = FaceTracker()
    forwards = {n: tracker(image)[0].landmarks for n, image in enumerate(pictures("plate_A", 28, 39), 28)}
    for number, face in steps:
        assert face.tracklet == begun.tracklet
        unit = np.linalg.norm(face.landmarks[263] - face.landmarks[33])
        assert np.linalg.norm((face.landmarks - forwards[number])[:, :2], axis=1).mean() < 0.03 * unit
    assert 0 < sum(face.embedding is not None for _, face in steps) < 3, "a few say who it is"


def test_it_does_not_matter_how_many_frames_are_looked_at_in_one_go(pictures, begun, examiner):
    frames = latest_first(pictures("plate_A", 34, 39))
    at_once, _ = go_back(examiner, frames, begun, {})
    in_pieces: Steps = []
    trail: Trail | None = begun
    for start in range(0, 6, 2):
        assert trail is not None
        steps, trail = go_back(examiner, frames[start : start + 2], trail, {})
        in_pieces += steps
    for (a, one), (b, other) in zip(at_once, in_pieces, strict=True):
        assert a == b
        np.testing.assert_allclose(one.landmarks, other.landmarks, atol=1e-3)


def test_it_ends_where_nobody_is_yet(pictures, begun, examiner):
    images = pictures("plate_A", 36, 39)
    empty = np.full_like(images[0], 110)
    steps, trail = go_back(examiner, latest_first([empty, empty, *images]), begun, {})
    assert [number for number, _ in steps] == [39, 38, 37, 36]
    assert trail is None


def test_it_ends_where_somebody_else_is(pictures, begun, examiner):
    before = pictures("identity_B_take1", 36, 37)
    steps, trail = go_back(examiner, latest_first([*before, *pictures("plate_A", 38, 39)]), begun, {})
    assert [number for number, _ in steps] == [39, 38]
    assert trail is None


def test_it_ends_where_a_face_is_known_already(pictures, begun, examiner):
    taken = {number: [begun.roi._replace(side=begun.roi.side * 1.1)] for number in (36, 37)}
    steps, trail = go_back(examiner, latest_first(pictures("plate_A", 35, 39)), begun, taken)
    assert [number for number, _ in steps] == [39, 38]
    assert trail is None


class Blind:
    """A detector that sees nothing."""

    def __call__(self, image: np.ndarray, thorough: bool = False) -> list:
        return []

    def each(self, images: list[np.ndarray]) -> list[list]:
        return [[] for _ in images]


def test_landmarks_alone_prove_no_face(pictures, begun, examiner):
    blind = replace(examiner, detector=Blind())
    assert go_back(blind, latest_first(pictures("plate_A", 38, 39)), begun, {}) == ([], None)


def test_a_face_that_the_edge_cuts_need_not_be_detected_where_it_is_known_again(pictures, begun, examiner):
    edge = int(begun.roi.x + 0.1 * begun.roi.side)
    frames = [(number, image[:, :edge].copy()) for number, image in latest_first(pictures("plate_A", 38, 39))]
    blind = replace(examiner, detector=Blind())
    steps, _ = go_back(blind, frames, begun, {})
    assert [number for number, _ in steps] == [39, 38]
    stranger = replace(begun, mean=-begun.mean, latest=-begun.latest)
    assert go_back(blind, frames, stranger, {}) == ([], None)
