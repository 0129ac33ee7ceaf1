"""The mask on the face's surface: nothing off the face, and a soft edge without steps back."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_backend.faces.canonical import canonical_mesh
from ml_backend.faces.mesh_surface import triangles
from ml_backend.swapping.masks.sides import Sides, side_shares
from ml_backend.swapping.masks.surface import depth_in_face, surface_mask

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


@pytest.mark.parametrize("erode", [0, 0.3, -0.3])
def test_the_widest_edge_leaves_an_opaque_middle(erode: float) -> None:
    mask = surface_mask(SHAPE, head(0, 0, 60), erode, 1)
    assert mask.max() > 0.99
    assert (mask > 0.9).sum() < 0.3 * (mask > 0).sum(), "the rest of it rises"


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


@pytest.mark.parametrize("yaw", [-40, 0, 40])
def test_the_performers_brow_does_not_show_in_the_soft_edge(yaw: float) -> None:
    landmarks = head(yaw, 0, 60)
    mask = surface_mask(SHAPE, landmarks, 0.0, 0.15)  # the default
    near = (70, 46) if landmarks[70, 2] < landmarks[300, 2] else (300, 276)
    places = [landmarks[one, :2] * (1 - part) + landmarks[near[1], :2] * part for one in near for part in (0, 0.5)]
    for x, y in np.round(places).astype(int):
        assert mask[y, x] > 0.9, "the outer end of the nearer brow"


def test_no_triangle_is_a_needle_from_front_to_side() -> None:
    """Needles at the cheeks show as rays in the soft edge of a turned face."""
    corners = canonical_mesh()[triangles()]
    edges = np.linalg.norm(corners - np.roll(corners, 1, 1), axis=2)
    assert edges.max() < 0.35


lengths = st.floats(-0.1, 0.3)
sides = st.builds(Sides, lengths, lengths, lengths, lengths)


@given(st.floats(-40, 40), lengths, st.floats(0, 0.4))
@settings(max_examples=20, deadline=None)
def test_even_sides_are_one_length(yaw: float, erode: float, feather: float) -> None:
    landmarks = head(yaw, 5, 60)
    mask = surface_mask(SHAPE, landmarks, Sides.even(erode), Sides.even(feather))
    assert np.array_equal(mask, surface_mask(SHAPE, landmarks, erode, feather))


@given(places, sides, st.sampled_from(["top", "bottom", "left", "right"]))
@settings(max_examples=30, deadline=None)
def test_more_on_one_side_covers_less_and_never_more(landmarks: np.ndarray, erode: Sides, side: str) -> None:
    more = Sides(**{**vars(erode), side: getattr(erode, side) + 0.1})
    mask, smaller = (surface_mask(SHAPE, landmarks, lengths, 0.15) for lengths in (erode, more))
    # a pixel on an edge between triangles goes on as one of them slopes, which differs with what is added
    assert (smaller <= mask + 0.02).all()


@pytest.mark.parametrize("side", ["top", "bottom", "left", "right"])
def test_a_side_moves_its_own_edge_by_its_length(side: str) -> None:
    size = 60
    landmarks = head(0, 0, size)
    mesh = canonical_mesh()[:468, :2]
    middle_y = round(80 + size * (mesh[:, 1].min() + mesh[:, 1].max()) / 2)
    zero = Sides.even(0.0)
    edges = []
    for erode in (zero, Sides(**{**vars(zero), side: 0.2})):
        mask = surface_mask(SHAPE, landmarks, erode, 0.1)
        row, column = np.flatnonzero(mask[middle_y] > 0.5), np.flatnonzero(mask[:, 100] > 0.5)
        edges.append({"left": row[0], "right": row[-1], "top": column[0], "bottom": column[-1]})
    moved = {name: abs(int(edges[1][name]) - int(edges[0][name])) for name in edges[0]}
    assert moved.pop(side) == pytest.approx(0.2 * size, abs=2)
    assert max(moved.values()) <= 1


def test_a_side_stays_with_its_cheek_when_the_head_tilts() -> None:
    erode = Sides(0, 0, 0.3, 0)
    upright, tilted = (surface_mask(SHAPE, head(0, roll, 60), erode, 0.15) for roll in (0, 35))
    back = cv2.warpAffine(tilted, cv2.getRotationMatrix2D((100, 80), 35, 1), SHAPE[::-1])
    assert np.abs(back - upright)[10:-10].max() < 0.12
    assert np.abs(np.fliplr(upright[:, 1:]) - upright[:, 1:]).max() > 0.9


def test_the_sides_pass_into_one_another_without_a_seam() -> None:
    angle = np.linspace(0, 2 * np.pi, 721)
    rims = [np.stack([np.cos(angle), np.sin(angle)], 1) * radius for radius in (1, 0.5, 0.05)]
    depth = np.repeat([0.0, 0.5, 0.95], len(angle)).astype(np.float32)
    shares = side_shares(np.concatenate(rims), depth).reshape(3, -1, 4)
    np.testing.assert_allclose(shares.sum(2), 1, atol=1e-6)
    assert np.abs(np.diff(shares, axis=1)).max() < 0.01
    assert np.abs(np.diff(shares, 2, axis=1)).max() < 0.0005, "no kink either"
    np.testing.assert_allclose(shares[0, 0], [0, 0, 0, 1], atol=1e-6)  # at the right of the picture
    np.testing.assert_allclose(shares[0, 180], [0, 1, 0, 0], atol=1e-6)  # at the chin, y goes down
    np.testing.assert_allclose(shares[2], 0.25, atol=0.02)


def test_the_triangles_cover_the_canonical_face_once() -> None:
    points = canonical_mesh()[:468, :2]
    corners = points[triangles()]
    b, c = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = np.abs(b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0]).sum() / 2
    whole = cv2.contourArea(cv2.convexHull(points.astype(np.float32)))
    assert area == pytest.approx(whole, rel=0.02)
    assert depth_in_face().min() == 0
    assert depth_in_face().max() > 0.3
