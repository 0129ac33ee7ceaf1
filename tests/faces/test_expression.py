from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_backend.faces.canonical import canonical_mesh
from ml_backend.faces.expression import features_middle, measure_expression, usual_middle
from ml_backend.faces.regions import LEFT_EYE, LIPS, MESH68, RIGID

LOWER = np.setdiff1d(np.flatnonzero(canonical_mesh()[:, 1] > canonical_mesh()[[13, 14], 1].mean()), RIGID)


def turned(points: np.ndarray, yaw: float, pitch: float, roll: float, scale: float = 90) -> np.ndarray:
    y, p, r = np.radians([yaw, pitch, roll])
    about_y = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), np.sin(r), 0], [-np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return points @ (about_z @ about_x @ about_y).T * scale + [300, 200, 0]


def speaking(by: float) -> np.ndarray:
    """The canonical face with its lower jaw moved down."""
    face = canonical_mesh().copy()
    face[LOWER, 1] += by
    return face


@settings(deadline=None)
@given(
    yaw=st.floats(-60, 60),
    pitch=st.floats(-30, 30),
    roll=st.floats(-180, 180),
    scale=st.floats(5, 2000),
    by=st.floats(0, 0.4),
)
def test_expression_does_not_know_pose_place_nor_size(yaw, pitch, roll, scale, by):
    straight = measure_expression(turned(speaking(by), 0, 0, 0))
    np.testing.assert_allclose(
        astuple(measure_expression(turned(speaking(by), yaw, pitch, roll, scale))), astuple(straight), atol=1e-9
    )


@pytest.mark.parametrize(("yaw", "pitch"), [(0, 0), (45, 0), (-30, 20), (10, -25), (-60, -10)])
def test_an_opening_mouth_is_measured_in_any_pose(yaw, pitch):
    gaps = [measure_expression(turned(speaking(by), yaw, pitch, 5)).mouth for by in (0, 0.05, 0.1, 0.2, 0.3)]
    np.testing.assert_allclose(np.diff(gaps), [0.05, 0.05, 0.1, 0.1], atol=0.01)


def test_each_part_tells_of_itself_only():
    rest = measure_expression(turned(canonical_mesh(), 20, 5, 0))
    wink = canonical_mesh().copy()
    wink[LEFT_EYE, 1] = wink[LEFT_EYE, 1].mean()
    assert measure_expression(turned(wink, 20, 5, 0)).eye_left < 0.5 * rest.eye_left
    assert measure_expression(turned(wink, 20, 5, 0)).eye_right == pytest.approx(rest.eye_right, abs=0.01)
    smiling = canonical_mesh().copy()
    smiling[[61, 291], 1] -= 0.05
    assert measure_expression(turned(smiling, 20, 5, 0)).smile == pytest.approx(rest.smile + 0.05, abs=0.005)
    wide = canonical_mesh().copy()
    wide[LIPS, 0] *= 1.2
    assert measure_expression(turned(wide, 20, 5, 0)).width == pytest.approx(rest.width * 1.2, rel=0.02)
    raised = canonical_mesh().copy()
    raised[[70, 63, 105, 66, 107, 300, 293, 334, 296, 336], 1] -= 0.04
    assert measure_expression(turned(raised, 20, 5, 0)).brow == pytest.approx(rest.brow + 0.04, abs=0.005)


@pytest.mark.parametrize("clip", ["plate_A", "identity_B_take1"])
def test_expressions_follow_the_truth(clip, pictures, truth, landmarks_of):
    known = [frame["expr"] for frame in truth(clip)[::5]]
    found = [measure_expression(landmarks_of(image)) for image in pictures(clip, 1, 120, 5)]
    for name, weight, least in (("mouth", "jawOpen", 0.9), ("smile", "mouthSmile", 0.85)):
        exact = [weights.get(weight, 0.0) for weights in known]
        assert np.corrcoef([getattr(one, name) for one in found], exact)[0, 1] > least


@settings(deadline=None)
@given(yaw=st.floats(-60, 60), pitch=st.floats(-30, 30), roll=st.floats(-180, 180), scale=st.floats(5, 2000))
def test_where_the_features_are_does_not_depend_on_the_pose(yaw, pitch, roll, scale):
    face = canonical_mesh().copy()
    inner = np.setdiff1d(MESH68[17:], RIGID)
    before = features_middle(face)
    face[inner] += [0.01, 0.1, 0]
    moved = features_middle(turned(face, yaw, pitch, roll, scale))
    np.testing.assert_allclose(moved - before, np.array([0.01, 0.1]) * len(inner) / len(MESH68[17:]), atol=1e-6)


def test_open_mouths_do_not_say_where_the_features_are():
    middles = np.array([[0.0, -0.2], [0.01, -0.21], [-0.01, -0.19], [0.0, 0.0], [0.0, 0.1], [0.0, 0.2]])
    assert usual_middle(middles, np.array([0.0, 0.01, 0.02, 0.2, 0.3, 0.4])) == (0.0, -0.2)
    assert usual_middle(middles[:1], np.array([0.3])) == (0.0, -0.2)
