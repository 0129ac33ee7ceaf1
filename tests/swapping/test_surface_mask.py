"""The mask on the face's surface: nothing off the face, and a soft edge without steps back."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_backend.faces.canonical import canonical_mesh
from ml_backend.swapping.surface_mask import depth_in_face, surface_mask, triangles

SHAPE = (160, 200)


def head(yaw: float, roll: float, size: float, x: float = 100, y: float = 80) -> np.ndarray:
    """478×3 landmarks of the canonical face turned (degrees) and placed in pixels; `size` is the eye distance."""
    cy, sy = np.cos(np.radians(yaw)), np.sin(np.radians(yaw))
    cr, sr = np.cos(np.radians(roll)), np.sin(np.radians(roll))
    turn = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]]) @ np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    return canonical_mesh() @ turn.T * size + [x, y, 0]


def hull(landmarks: np.ndarray, grow: int) -> np.ndarray:
    area = np.zeros(SHAPE, np.uint8)
    points = cv2.convexHull(np.round(landmarks[:468, :2]).astype(np.int32))
    cv2.fillConvexPoly(area, points, 1)
    return cv2.dilate(area, np.ones((3, 3), np.uint8), iterations=grow) > 0


places = st.builds(
    head,
    yaw=st.floats(-50, 50),
    roll=st.floats(-40, 40),
    size=st.floats(15, 90),
    x=st.floats(-30, 230),
    y=st.floats(-30, 190),
)


@given(places, st.floats(-0.2, 0.3), st.floats(0, 0.6))
@settings(max_examples=40, deadline=None)
def test_it_is_exactly_0_off_the_face(landmarks: np.ndarray, erode: float, feather: float) -> None:
    mask = surface_mask(SHAPE, landmarks, erode, feather)
    assert mask.shape == SHAPE
    assert mask.dtype == np.float32
    assert 0 <= mask.min() <= mask.max() <= 1
    assert not mask[~hull(landmarks, 2)].any()


@given(st.floats(-40, 40), st.floats(0, 0.2), st.floats(0.05, 0.4))
@settings(max_examples=20, deadline=None)
def test_a_wider_edge_covers_less_everywhere(yaw: float, erode: float, feather: float) -> None:
    landmarks = head(yaw, 5, 60)
    mask = surface_mask(SHAPE, landmarks, erode, feather)
    assert (surface_mask(SHAPE, landmarks, erode + 0.05, feather) <= mask + 1e-6).all()
    assert (surface_mask(SHAPE, landmarks, erode, feather + 0.1) <= mask + 1e-6).all()


def test_the_edge_rises_without_steps_back() -> None:
    landmarks = head(0, 0, 60)
    mask = surface_mask(SHAPE, landmarks, 0.03, 0.25)
    row = mask[80]
    middle = 100
    assert row[middle] == pytest.approx(1)
    assert (np.diff(row[: middle + 1]) >= -0.02).all()
    assert (np.diff(row[middle:]) <= 0.02).all()
    assert np.abs(np.diff(row)).max() < 0.35, "no hard edge"


def test_a_full_turn_of_the_head_leaves_the_near_features_covered() -> None:
    """The nose of a face that looks aside lies near the picture's outline, and deep in the surface all the same."""
    landmarks = head(45, 0, 60)
    mask = surface_mask(SHAPE, landmarks, 0.03, 0.2)
    x, y = np.round(landmarks[4, :2]).astype(int)
    assert mask[y, x] > 0.5


def test_the_triangles_cover_the_canonical_face_once() -> None:
    points = canonical_mesh()[:468, :2]
    corners = points[triangles()]
    b, c = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = np.abs(b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0]).sum() / 2
    whole = cv2.contourArea(cv2.convexHull(points.astype(np.float32)))
    assert area == pytest.approx(whole, rel=0.02)
    assert depth_in_face().min() == 0
    assert depth_in_face().max() > 0.3
