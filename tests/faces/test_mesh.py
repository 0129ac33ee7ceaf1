import numpy as np
import pytest

from ml_backend.faces.canonical import head_pose
from ml_backend.faces.regions import eye_distance, landmarks68
from ml_backend.faces.roi import Roi, roi_of_landmarks


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
