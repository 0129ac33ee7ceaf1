"""Skin is what is measured: no eyes, brows and lips, but never nothing."""

import numpy as np
import pytest

from ml_backend.faces.canonical import canonical_mesh
from ml_backend.faces.regions import eyes_and_mouth, face_mask
from ml_backend.swapping.colour import apply, measure, skin_weights

SIDE = 96


def landmarks() -> np.ndarray:
    """478×3 of the canonical face in a crop of SIDE pixels."""
    return canonical_mesh() * (SIDE / 2.1) + [SIDE / 2, SIDE / 2, 0]


def face() -> np.ndarray:
    return face_mask((SIDE, SIDE), landmarks())


def test_eyes_brows_and_lips_count_nothing_and_skin_as_before() -> None:
    plate = np.zeros((SIDE, SIDE, 3), np.float32)
    skin = skin_weights(plate, face(), landmarks())
    assert skin.dtype == np.float32
    assert not skin[eyes_and_mouth((SIDE, SIDE), landmarks()) > 0].any()
    points = np.rint(landmarks()[:, :2]).astype(int)
    for brow, cheek, forehead in ((105, 50, 151), (334, 280, 9)):
        assert skin[points[brow, 1], points[brow, 0]] == 0
        assert skin[points[cheek, 1], points[cheek, 0]] == 1
        assert skin[points[forehead, 1], points[forehead, 0]] == 1
    assert (skin <= face()).all()
    assert skin.sum() > 0.5 * face().sum()


def test_where_hardly_any_skin_is_left_the_whole_face_counts() -> None:
    eyes = (eyes_and_mouth((SIDE, SIDE), landmarks()) > 0).astype(np.float32)
    np.testing.assert_array_equal(skin_weights(np.zeros((SIDE, SIDE, 3), np.float32), eyes, landmarks()), eyes)


@pytest.mark.parametrize("method", ["mean", "mkl", "transport"])
def test_painted_lips_leave_the_skin_alone(method: str) -> None:
    """Two faces of the same skin, one with red lips: only measured on the skin they match without a change."""
    rng = np.random.default_rng(0)
    made = (np.array([0.6, 0.45, 0.35]) + rng.normal(0, 0.02, (SIDE, SIDE, 3))).astype(np.float32)
    lips = eyes_and_mouth((SIDE, SIDE), landmarks())[..., None] > 0
    plate = np.where(lips, np.float32([0.8, 0.05, 0.1]), made)
    skin = skin_weights(plate, face(), landmarks())
    on_skin = apply(method, made, measure(method, made, plate, skin), 1)
    on_all = apply(method, made, measure(method, made, plate, face()), 1)
    assert np.abs(on_skin - made).max() < 1e-3
    assert np.abs(on_all - made)[face() > 0].mean() > 0.01


def test_landmarks_outside_the_crop_are_no_trouble() -> None:
    far = landmarks()
    far[:, 0] += 3 * SIDE
    np.testing.assert_array_equal(skin_weights(np.zeros((SIDE, SIDE, 3), np.float32), face(), far), face())
