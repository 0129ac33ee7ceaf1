import json

import numpy as np
import pytest

from ml_backend.faces.tracking import FaceTracker, TrackerState


def tracks(tracker, images):
    return [[face.track for face in tracker(image)] for image in images]


def test_one_person_is_one_track(pictures):
    tracker = FaceTracker()
    assert tracks(tracker, pictures("plate_A", 1, 40)) == [[0]] * 40


def test_the_tracker_finds_what_the_detector_finds(pictures, landmarks_of):
    images = pictures("identity_B_take1", 1, 20)
    tracker = FaceTracker()
    for image in images:
        (face,) = tracker(image)
    unit = np.linalg.norm(face.landmarks[263] - face.landmarks[33])
    assert np.linalg.norm((face.landmarks - landmarks_of(images[-1]))[:, :2], axis=1).mean() < 0.02 * unit


def test_a_track_does_not_cross_a_cut(pictures):
    edit = pictures("plate_A", 1, 4) + pictures("identity_B_take1", 1, 4) + pictures("plate_A", 5, 7)
    assert tracks(FaceTracker(), edit) == [[0]] * 4 + [[1]] * 4 + [[2]] * 3


@pytest.mark.parametrize(("last", "first"), [(62, 63), (72, 71), (119, 60), (90, 30)])
def test_a_track_does_not_cross_a_cut_between_shots_of_one_light(last, first, pictures):
    """Both faces fill much the same place, so the new one could be taken for the old one."""
    before = pictures("plate_A", last - 2, last)
    after = [dimmed(image, before[-1]) for image in pictures("identity_B_take1", first, first + 2)]
    assert tracks(FaceTracker(), before + after) == [[0]] * 3 + [[1]] * 3


def dimmed(image, like):
    """The picture with the mean brightness of another one."""
    return np.clip(image * (like.mean() / image.mean()), 0, 255).astype(np.uint8)


def test_a_lost_face_comes_back_as_another_track(pictures):
    images = pictures("plate_A", 1, 6)
    black = np.zeros_like(images[0])
    assert tracks(FaceTracker(), [*images[:3], black, black, *images[3:]]) == [[0]] * 3 + [[]] * 2 + [[1]] * 3


def test_two_people_are_two_tracks(pictures):
    both = [
        np.concatenate(pair, 1)
        for pair in zip(pictures("plate_A", 1, 8), pictures("identity_B_take1", 1, 8), strict=True)
    ]
    tracker, sides = FaceTracker(), []
    for image in both:
        faces = tracker(image)
        assert [face.track for face in faces] == [0, 1]
        sides.append([face.box[0] < 300 for face in faces])
    assert all(side == sides[0] for side in sides)


def test_a_newcomer_is_seen_beside_a_followed_face(pictures):
    alone, other = pictures("plate_A", 1, 12), pictures("identity_B_take1", 1, 12)
    empty = np.full_like(other[0], 110)
    tracker = FaceTracker(detect_every=5)
    images = [np.concatenate([a, b if n >= 3 else empty], 1) for n, (a, b) in enumerate(zip(alone, other, strict=True))]
    counts = [len(tracker(image)) for image in images]
    assert counts[0] == 1
    assert counts[-1] == 2


def test_the_state_goes_through_json_exactly(pictures):
    images = pictures("plate_A", 1, 14)
    undisturbed = FaceTracker()
    tracks(undisturbed, images[:7])
    resumed = FaceTracker()
    resumed.state = TrackerState.from_json(json.loads(json.dumps(undisturbed.state.to_json())))
    assert resumed.state.followed == undisturbed.state.followed
    np.testing.assert_array_equal(resumed.state.thumbnail, undisturbed.state.thumbnail)
    for image in images[7:]:
        (expected,), (face,) = undisturbed(image), resumed(image)
        np.testing.assert_array_equal(face.landmarks, expected.landmarks)
        assert (face.track, face.score) == (expected.track, expected.score)


def test_a_fresh_state_goes_through_json():
    state = TrackerState.from_json(json.loads(json.dumps(TrackerState(next_track=3).to_json())))
    assert (state.followed, state.next_track, state.frame, state.thumbnail) == ([], 3, 0, None)


@pytest.mark.parametrize("size", [1, 2, 16])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_tiny_pictures_have_no_face(size, dtype, pictures):
    grey = np.full((size, size, 3), 90, dtype)
    noise = np.random.default_rng(1).integers(0, np.iinfo(dtype).max, (size, size, 3), dtype=dtype)
    assert tracks(FaceTracker(), [grey, grey, noise]) == [[], [], []]


def test_sixteen_bits_are_followed_like_eight(pictures):
    images = pictures("plate_A", 1, 3)
    shallow, deep = FaceTracker(), FaceTracker()
    for image in images:
        (a,), (b,) = shallow(image), deep(image.astype(np.uint16) * 257)
        assert np.abs(a.landmarks - b.landmarks).max() < 0.5
