"""The head's pose, and whether a mesh has a face's shape."""

import numpy as np
import pytest

from ml_backend.faces.canonical import REST_PITCH, canonical_mesh, head_pose, mirror_partners, shape_residual
from ml_backend.faces.fan import MIRRORED
from ml_backend.faces.regions import MESH68


def turned(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """The canonical face on a head that rolled, then nodded, then turned."""
    y, p, r = np.radians([yaw, pitch, roll])
    about_y = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), np.sin(r), 0], [-np.sin(r), np.cos(r), 0], [0, 0, 1]])
    rest = np.radians(REST_PITCH)
    at_rest = np.array([[1, 0, 0], [0, np.cos(rest), -np.sin(rest)], [0, np.sin(rest), np.cos(rest)]])
    return canonical_mesh() @ (about_y @ about_x @ about_z @ at_rest).T * 80 + [300, 200, 0]


@pytest.mark.parametrize("angles", [(0, 0, 0), (30, 0, 0), (0, -20, 0), (0, 0, 50), (-60, 15, -100), (88, -30, 12)])
def test_head_pose_is_how_the_head_turned(angles):
    np.testing.assert_allclose(head_pose(turned(*angles)), angles, atol=1e-6)


def test_signs_of_the_head_pose():
    tip, chin, brow = 4, 152, 10
    straight = turned(0, 0, 0)
    assert turned(20, 0, 0)[tip, 0] > straight[tip, 0]  # yaw: the nose moves to the right of the picture
    assert turned(0, 20, 0)[tip, 1] > straight[tip, 1]  # pitch: down
    tilted = turned(0, 0, 20)
    assert tilted[brow, 0] < tilted[chin, 0]  # roll: counter-clockwise, the brow to the left of the chin


@pytest.mark.parametrize(
    ("clip", "first"),
    [("plate_A", 91), ("identity_B_take2", 1)],  # not the frames that the zero of the pitch is from
)
def test_pose_agrees_with_the_renderers(clip, first, pictures, truth, landmarks_of):
    known = truth(clip)[first - 1 :: 5]
    found = np.array([head_pose(landmarks_of(image)) for image in pictures(clip, first, 120, 5)])
    errors = found - [[frame["yaw"], frame["pitch"], frame["roll"]] for frame in known]
    assert (np.abs(errors).mean(0) < [3.8, 2.2, 1.2]).all()  # yaw: the camera is 85 cm away
    assert (np.abs(errors.mean(0)) < [3, 2.2, 1.2]).all()


def test_mirror_partners():
    partners = mirror_partners()
    np.testing.assert_array_equal(partners[partners], np.arange(478))
    np.testing.assert_array_equal(partners[MESH68], MESH68[MIRRORED])
    mirrored = canonical_mesh()[partners] * [-1, 1, 1]
    assert np.linalg.norm(mirrored - canonical_mesh(), axis=1).max() < 0.02


def test_a_mirrored_picture_has_the_mirrored_face(pictures, mesh, landmarks_of):
    image = pictures("plate_A", 40, 40)[0]
    face = landmarks_of(image)
    other = landmarks_of(np.ascontiguousarray(image[:, ::-1]))[mirror_partners()]
    other[:, 0] = image.shape[1] - 1 - other[:, 0]
    assert np.linalg.norm((other - face)[:, :2], axis=1).mean() < 2


def test_shapes_that_are_no_face():
    face = turned(20, 5, 3)
    assert shape_residual(face) < 1e-6
    for other in (face[::-1].copy(), np.zeros((478, 3)), face * [1, 2.2, 1]):
        assert shape_residual(other) > 12
