"""A picture of a face, laid flat and back: the same where the face looks at the viewer, and nothing beside it."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_backend.faces.canonical import canonical_mesh
from ml_backend.swapping.detail.mesh_texture import facing, unwrap, wrap

SIDE = 200


def head(yaw: float, size: float = 0.42, x: float = 0.5, y: float = 0.45) -> np.ndarray:
    """478×3 points in parts of the side; `size` is the distance of the eyes."""
    cos, sin = np.cos(np.radians(yaw)), np.sin(np.radians(yaw))
    turn = np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])
    return (canonical_mesh() @ turn.T * size + [x, y, 0]).astype(np.float32)


def picture() -> np.ndarray:
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    waves = [0.5 + 0.4 * np.sin(9 * x + 2), 0.5 + 0.4 * np.cos(7 * y), 0.5 + 0.3 * np.sin(8 * (x + y))]
    return np.stack(waves, 2).astype(np.float32)


@given(st.floats(-35, 35), st.floats(0.3, 0.45))
@settings(max_examples=25, deadline=None)
def test_there_and_back_is_the_same(yaw: float, size: float) -> None:
    points, shown = head(yaw, size), picture()
    back, trust = wrap(unwrap(shown, points), points, SIDE)
    assert trust.min() >= 0
    assert trust.max() <= 1
    trusted = trust > 0.5
    assert trusted.sum() > 0.1 * SIDE**2
    assert np.abs(back - shown)[trusted].mean() < 0.01


def test_nothing_is_trusted_beside_the_face() -> None:
    points = head(20)
    _, trust = wrap(unwrap(picture(), points), points, SIDE)
    hull = np.zeros((SIDE, SIDE), np.uint8)
    cv2.fillConvexPoly(hull, cv2.convexHull(np.round(points[:468, :2] * SIDE).astype(np.int32)), 1)
    assert not trust[cv2.dilate(hull, np.ones((5, 5), np.uint8)) == 0].any()


def test_what_moves_with_the_face_moves_with_it() -> None:
    """A dot on the nose of one head is on the nose of a head that is elsewhere and turned."""
    here, there = head(0), head(25, 0.35, 0.55, 0.5)
    dot = np.zeros((SIDE, SIDE, 3), np.float32)
    cv2.circle(dot, tuple(int(v) for v in np.round(here[4, :2] * SIDE - 0.5)), 5, (1, 1, 1), -1)
    moved, _ = wrap(unwrap(dot, here), there, SIDE)
    y, x = np.unravel_index(int(cv2.GaussianBlur(moved[..., 0], (0, 0), 3).argmax()), (SIDE, SIDE))
    assert np.hypot(x - there[4, 0] * SIDE, y - there[4, 1] * SIDE) < 6


@pytest.mark.parametrize("yaw", [-60, 60])
def test_the_cheek_that_turns_away_faces_nobody(yaw: float) -> None:
    right = head(0)[:468, 0] > 0.62  # of the viewer
    left = head(0)[:468, 0] < 0.38
    shown = facing(head(yaw))
    away, near = (right, left) if shown[left].mean() > shown[right].mean() else (left, right)
    assert shown[away].mean() < 0.2
    assert shown[near].mean() > 0.6
    assert facing(head(0))[4] == 1  # the tip of the nose
    assert head(yaw)[:468][away, 2].mean() > head(yaw)[:468][near, 2].mean()  # it is the one that is farther away


@pytest.mark.parametrize("yaw", [-40, 40])
def test_where_a_nose_hides_the_cheek_neither_is_trusted(yaw: float) -> None:
    """The places in the texture leap there: whatever lies between them would show as a streak."""
    places = np.dstack([*np.meshgrid(np.arange(384), np.arange(384)), np.zeros((384, 384))]).astype(np.float32)
    shown, trust = wrap(places, head(yaw), SIDE)
    leap = np.abs(np.diff(shown[..., :2], axis=1)).max(2)
    leap[(trust[:, 1:] == 0) & (trust[:, :-1] == 0)] = 0
    face = trust > 0.9
    usual = float(np.median(np.abs(np.diff(shown[..., :2], axis=1)).max(2)[face[:, 1:]]))
    assert face.sum() > 0.1 * SIDE**2
    assert (leap * np.minimum(trust[:, 1:], trust[:, :-1])).max() < 4 * usual


def test_a_whole_face_is_trusted_all_over() -> None:
    points = head(0)
    _, trust = wrap(np.zeros((384, 384, 3), np.float32), points, SIDE)
    middle = np.linalg.norm(np.indices((SIDE, SIDE)).transpose(1, 2, 0)[..., ::-1] - points[4, :2] * SIDE, axis=2)
    assert trust[middle < 0.25 * SIDE].mean() > 0.9
