import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_backend.faces.alignment import FACE, FRAMINGS, Framing, align, crop
from ml_backend.faces.canonical import canonical_mesh
from ml_backend.faces.geometry import fit_similarity, invert, transform
from ml_backend.faces.regions import LIPS, RIGID, eye_distance


def a_face(seed: int) -> np.ndarray:
    """478×3 landmarks of somebody: the canonical face, of another shape and turned a little."""
    random = np.random.default_rng(seed)
    points = canonical_mesh() + random.normal(0, 0.02, (478, 3))
    turn, _ = np.linalg.qr(np.eye(3) + random.normal(0, 0.15, (3, 3)))
    turn *= np.sign(np.diag(turn))
    return points @ turn.T * 90 + [200, 150, 0]


def moved(points: np.ndarray, scale: float, angle: float, shift: tuple[float, float]) -> np.ndarray:
    """A similarity in the picture; z is in pixels too and scales along."""
    cos, sin = scale * math.cos(angle), scale * math.sin(angle)
    matrix = np.array([[cos, -sin, shift[0]], [sin, cos, shift[1]]])
    return np.column_stack([transform(points[:, :2], matrix), points[:, 2] * scale])


@settings(max_examples=200, deadline=None)
@given(
    seed=st.integers(0, 1000),
    scale=st.floats(0.05, 20),
    angle=st.floats(-math.pi, math.pi),
    shift=st.tuples(st.floats(-5000, 5000), st.floats(-5000, 5000)),
    size=st.sampled_from([64, 256]),
)
def test_crop_places_do_not_depend_on_the_place_of_the_face(seed, scale, angle, shift, size):
    face = a_face(seed)
    other = moved(face, scale, angle, shift)
    before = transform(face[:, :2], align(face, size, FACE))
    after = transform(other[:, :2], align(other, size, FACE))
    np.testing.assert_allclose(after, before, atol=1e-6)


@settings(deadline=None)
@given(seed=st.integers(0, 1000), dimensions=st.sampled_from([2, 3]), scale=st.floats(0.01, 100))
def test_a_similarity_is_found_again(seed, dimensions, scale):
    random = np.random.default_rng(seed)
    rotation, _ = np.linalg.qr(random.normal(size=(dimensions, dimensions)))
    if np.linalg.det(rotation) < 0:
        rotation[:, 0] *= -1
    source, shift = random.normal(size=(9, dimensions)), random.normal(size=dimensions)
    found = fit_similarity(source, scale * source @ rotation.T + shift)
    np.testing.assert_allclose(found[0], scale)
    np.testing.assert_allclose(found[1], rotation, atol=1e-9)
    np.testing.assert_allclose(found[2], shift, atol=1e-9 * max(scale, 1))


def test_opening_the_mouth_changes_nothing():
    face = a_face(3)
    lower = np.setdiff1d(np.flatnonzero(canonical_mesh()[:, 1] > canonical_mesh()[LIPS, 1].mean()), RIGID)
    assert len(lower) > 50
    speaking = face.copy()
    speaking[lower, 1] += 40
    np.testing.assert_array_equal(align(speaking, 256, FACE), align(face, 256, FACE))


@pytest.mark.parametrize("yaw", [-60, -20, 35, 70])
def test_turning_the_head_keeps_the_scale(yaw):
    angle = math.radians(yaw)
    turn = np.array([[math.cos(angle), 0, -math.sin(angle)], [0, 1, 0], [math.sin(angle), 0, math.cos(angle)]])
    straight, turned = (align(canonical_mesh() @ m.T * 100, 256, FACE) for m in (np.eye(3), turn))
    assert np.linalg.det(turned[:, :2]) == pytest.approx(np.linalg.det(straight[:, :2]))


def test_framing_is_in_eye_distances():
    face = canonical_mesh() * 100 + [500, 400, 0]
    matrix = align(face, 200, Framing("test", 2.0, 0.1))
    np.testing.assert_allclose(transform(np.array([500.0, 410]), matrix), [99.5, 99.5])  # the middle of the crop
    assert matrix[0, 0] == pytest.approx(1.0)  # two eye distances of 100 px on 200 px
    wide = align(face, 200, Framing("test", 2.0, 0.1).with_margin(1.5))
    assert wide[0, 0] == pytest.approx(1 / 1.5)


@pytest.mark.parametrize("size", [64, 256])
def test_a_moved_picture_gives_the_same_crop(size, pictures, landmarks_of):
    image = cv2.GaussianBlur(pictures("plate_A", 30, 30)[0], (0, 0), 1.5)
    face = landmarks_of(image)
    scale, angle = 1.3, 0.35
    cos, sin = scale * math.cos(angle), scale * math.sin(angle)
    shift = np.array([150.3, 20.7])
    matrix = np.array([[cos, -sin, shift[0]], [sin, cos, shift[1]]])
    warped = cv2.warpAffine(image, matrix, (760, 760), flags=cv2.INTER_CUBIC)
    other = moved(face, scale, angle, (shift[0], shift[1]))
    straight = crop(image, align(face, size, FACE), size).astype(float)
    again = crop(warped, align(other, size, FACE), size).astype(float)
    difference = np.abs(straight - again)
    assert difference.mean() < 1
    assert np.percentile(difference, 99) < 8


@pytest.mark.parametrize("scale", [0.21, 0.5, 1.0, 3.3])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_crops_are_right_to_a_part_of_a_pixel(scale, dtype):
    """The centre of a soft spot lands where the matrix says."""
    spot, sigma = np.array([201.37, 148.81]), max(3.0, 3 / scale)
    y, x = np.mgrid[:300, :400]
    value = np.exp(-((x - spot[0]) ** 2 + (y - spot[1]) ** 2) / (2 * sigma**2))
    image = np.repeat((value * np.iinfo(dtype).max).round().astype(dtype)[:, :, None], 3, 2)
    cos, sin = scale * math.cos(0.3), scale * math.sin(0.3)
    linear = np.array([[cos, -sin], [sin, cos]])
    matrix = np.column_stack([linear, np.array([64.2, 63.1]) - linear @ spot])
    out = crop(image, matrix, 128)
    assert out.dtype == dtype
    weights = out[:, :, 0].astype(float)
    rows, columns = np.mgrid[:128, :128]
    centre = [(weights * columns).sum() / weights.sum(), (weights * rows).sum() / weights.sum()]
    np.testing.assert_allclose(centre, [64.2, 63.1], atol=0.03)


def test_a_crop_beyond_the_picture_repeats_its_border():
    image = np.full((40, 50, 3), 77, np.uint8)
    for place in ([-500.0, 0], [25.0, 20], [45.0, 39], [3000.0, 900]):
        for scale in (0.1, 1, 4):
            matrix = invert(np.array([[scale, 0, place[0]], [0, scale, place[1]]]))
            assert (crop(image, matrix, 64) == 77).all()


def test_framings_hold_what_they_say():
    """Where the canonical face's points lie in the crops, from −0.5 (left, top) to 0.5."""
    face = canonical_mesh() * 100
    forehead, brow, chin = 10, 105, 152
    places = {}
    for name, framing in FRAMINGS.items():
        assert framing.name == name
        matrix = align(face, 200, framing)
        places[name] = (transform(face[[forehead, brow, chin], :2], matrix)[:, 1] - 99.5) / 200
    assert list(FRAMINGS) == ["face", "whole-face", "head"]
    assert -0.5 < places["face"][1] < places["face"][2] < 0.45  # brows and chin
    assert -0.42 < places["whole-face"][0] < places["whole-face"][2] < 0.4  # the forehead, and air below the chin
    assert -0.3 < places["head"][0] < places["head"][2] < 0.3  # hair and neck


@pytest.mark.parametrize("framing", FRAMINGS.values(), ids=FRAMINGS.keys())
def test_framings_hold_still_while_the_head_turns_and_speaks(framing, pictures, truth, landmarks_of):
    """A turning head stays in the middle, of one size, and the mouth moves nothing."""
    wide, corners = [], []
    for image in pictures("plate_A", 1, 120, 7):
        face = landmarks_of(image)
        matrix = align(face, 200, framing)
        corners.append(transform(face[[33, 263, 152, 10], :2], matrix).mean(0))
        wide.append(eye_distance(face) * np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    yaws = [frame["yaw"] for frame in truth("plate_A")[::7]]
    assert np.ptp(yaws) > 50
    assert np.std(wide) / np.mean(wide) < 0.03
    assert np.ptp(corners, axis=0).max() < 0.2 * 200 * 2.1 / framing.side
