import json
import sys
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))

from synthetic.trial_clips import TRIALS

from ml_backend.faces.canonical import head_pose
from ml_backend.faces.mesh import FaceMesh
from ml_backend.faces.regions import eye_distance, landmarks68
from ml_backend.faces.roi import Roi, roi_of_landmarks, upright
from ml_backend.faces.tracking import FaceTracker
from ml_backend.media.source import open_source

PROFILE = Path(__file__).parents[1] / "footage" / "profile.mp4"


@pytest.fixture(scope="module")
def profiles():
    """Pictures of heads in profile, to the left and to the right, with their true 68 points."""
    frames = {1, 118, 121}
    truth = [json.loads(line) for line in PROFILE.with_suffix(".jsonl").read_text().splitlines()]
    points = {line["frame"]: np.array(line["faces"][0]["landmarks68"]) for line in truth if line["frame"] in frames}
    return [(frame.image, points[frame.number]) for frame in open_source(PROFILE).frames(sorted(frames))]


@pytest.mark.parametrize("clip", ["plate_A", "identity_B_take2"])
def test_landmarks_and_pose_agree_with_the_truth(clip, pictures, truth, landmarks_of):
    known = truth(clip)[::9]
    found = [landmarks_of(image) for image in pictures(clip, 1, 120, 9)]
    points = np.array([frame["landmarks68"] for frame in known])
    unit = np.linalg.norm(points[:, 45] - points[:, 36], axis=1)
    errors = np.linalg.norm([landmarks68(one) for one in found] - points, axis=2).mean(1) / unit
    assert errors.mean() < 0.06  # half of it is that two mark-ups never mean quite the same places
    assert errors.max() < 0.10

    poses = np.array([head_pose(one) for one in found])
    exact = np.array([[frame["yaw"], frame["pitch"], frame["roll"]] for frame in known])
    for angle, least in ((0, 0.98), (1, 0.9), (2, 0.95)):
        assert np.corrcoef(poses[:, angle], exact[:, angle])[0, 1] > least


def test_averaging_takes_noise_out(pictures, detector, mesh, landmarks_of):
    """The same picture shifted by parts of a pixel should give the same face, shifted."""
    image = pictures("plate_A", 1, 1)[0]
    roi = roi_of_landmarks(landmarks_of(image))
    near = [Roi(roi.x + dx, roi.y, roi.side, roi.angle) for dx in np.linspace(-4, 4, 9)]
    spread = {
        average: np.std([mesh.settle(image, [one], passes=1, average=average)[0][0] for one in near], axis=0).mean()
        for average in (False, True)
    }
    assert spread[True] < 0.7 * spread[False]


def test_sixteen_bits_give_the_same_landmarks(pictures, landmarks_of):
    image = pictures("plate_A", 1, 1)[0]
    deep = landmarks_of(image.astype(np.uint16) * 257)
    assert np.abs(deep - landmarks_of(image)).max() < 0.5


def test_a_face_partly_outside_keeps_its_place(pictures, landmarks_of):
    image = pictures("plate_A", 1, 1)[0]
    whole = landmarks_of(image)
    part = landmarks_of(np.ascontiguousarray(image[:, 100:]))
    part[:, 0] += 100
    assert part[:, 0].min() < 100  # points beyond the picture's edge are foreseen, not cut off
    visible = whole[:, 0] > 130
    assert np.linalg.norm((part - whole)[visible, :2], axis=1).mean() < 0.08 * eye_distance(whole)


def test_no_squares_no_landmarks(pictures, mesh):
    points, scores = mesh.settle(pictures("plate_A", 1, 1)[0], [])
    assert points.shape == (0, 478, 3)
    assert scores.shape == (0,)


def test_a_face_that_looks_ahead_is_as_the_network_itself_gives_it(pictures, truth, landmarks_of, mesh):
    image = min(zip(truth("plate_A"), pictures("plate_A", 1, 120), strict=False), key=lambda one: abs(one[0]["yaw"]))[1]
    square = roi_of_landmarks(landmarks_of(image))
    usual, scores = mesh.landmarks(image, [square])
    itself, its_scores = FaceMesh(profiles=False).landmarks(image, [square._replace(turned=1.0)])
    also_asked, _ = mesh.landmarks(image, [square._replace(turned=1.0)])
    np.testing.assert_array_equal(usual, itself)
    np.testing.assert_array_equal(usual, also_asked)  # the copy sees that it looks ahead
    np.testing.assert_array_equal(scores, its_scores)


def test_profiles_are_measured_by_the_copy_beside_other_faces(profiles, mesh):
    """Turned by 80° and more, where the network itself ends; each as it is measured alone."""
    for image, true in profiles:
        square = roi_of_landmarks(mesh.settle(image, [upright(true)._replace(turned=1.0)])[0][0])
        points, scores = mesh.landmarks(image, [square, square._replace(x=square.x + 2)])
        assert np.linalg.norm(landmarks68(points[0]) - true, axis=1).mean() < 0.12 * eye_distance(points[0])
        assert scores.min() > 0.9
        np.testing.assert_allclose(mesh.landmarks(image, [square])[0][0], points[0], atol=1e-3)
        itself = FaceMesh(profiles=False).landmarks(image, [square])[0][0]
        assert np.linalg.norm(landmarks68(itself) - true, axis=1).mean() > 0.15 * eye_distance(points[0])


def test_a_half_covered_face_is_no_profile():
    """Up to 30° of yaw: the copy alone takes it for one of 60° from 23° on, and with it the next frame's square."""
    tracker = FaceTracker()
    for image, truth in islice(TRIALS["half_covered"](), 31):
        (face,) = tracker(image)
        assert abs(head_pose(face.landmarks)[0] - truth.faces[0].yaw) < 15
