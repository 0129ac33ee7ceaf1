"""The head's pose, and whether a mesh is on a face at all."""

import cv2
import numpy as np
import pytest

from ml_backend.faces.canonical import REST_PITCH, canonical_mesh, head_pose, mirror_partners
from ml_backend.faces.fan import MIRRORED
from ml_backend.faces.plausibility import mirror_difference, on_faces, plausible, shape_residual
from ml_backend.faces.regions import MESH68
from ml_backend.faces.roi import Roi


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


def test_faces_are_the_same_in_the_mirror_and_lettering_is_not(pictures, mesh, landmarks_of):
    faces = []
    for clip in ("plate_A", "identity_B_take1"):
        for image in pictures(clip, 1, 120, 17):
            face = landmarks_of(image)
            assert on_faces(mesh, image, [face]).all()
            faces.extend(mirror_difference(mesh, image, [face]))
    assert max(faces) < 3.5

    random, drawn = np.random.default_rng(7), []
    for _ in range(100):
        image = np.full((260, 400, 3), random.integers(0, 256, 3), np.uint8)
        for line in range(3):
            text = "".join(random.choice(list("ABCDEGHKMORSTWOQXabdeg0869"), 8))
            colour = tuple(int(v) for v in random.integers(0, 256, 3))
            place = (int(random.integers(0, 80)), 70 + 75 * line)
            cv2.putText(image, text, place, cv2.FONT_HERSHEY_SIMPLEX, random.uniform(1, 3), colour, 6, cv2.LINE_AA)
        rois = [Roi(*random.uniform([60, 60], [340, 200]), random.uniform(70, 240), 0.0) for _ in range(3)]
        points, scores = mesh.settle(image, rois)
        drawn.extend(on_faces(mesh, image, points[scores > 0.5]))
    assert len(drawn) >= 8  # the network's own score takes these for faces
    assert np.mean(drawn) < 0.2


def test_shapes_that_are_no_face():
    face = turned(20, 5, 3)
    assert shape_residual(face) < 1e-6
    assert plausible(face)
    assert not plausible(face[::-1].copy())
    assert not plausible(np.zeros((478, 3)))
    assert not plausible(face * [1, 2.2, 1])
    broken = face.copy()
    broken[7, 0] = np.nan
    assert not plausible(broken)


def test_no_faces_no_differences(pictures, mesh):
    assert mirror_difference(mesh, pictures("plate_A", 1, 1)[0], []).shape == (0,)
    assert on_faces(mesh, pictures("plate_A", 1, 1)[0], []).shape == (0,)
