"""The identity's own detail: it brings a painted portrait back to the portrait, and stays where it belongs."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from ml_backend.faces.landmarks import open_landmarker
from ml_backend.swapping.blend import to_unit
from ml_backend.swapping.detail.identity_detail import IdentityDetail, lay_on
from ml_backend.swapping.detail.mesh_texture import wrap
from ml_backend.swapping.inference import infer
from ml_backend.training.models.checkpoints import load_for_swap
from ml_backend.training.models.portraits import Portraits, read_portraits

CPU = torch.device("cpu")
IDENTITY = "identity_B"


@pytest.fixture(scope="module")
def portraits(tiny_model: Path) -> Portraits:
    found = read_portraits(tiny_model, IDENTITY)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def detail(tiny_model: Path, portraits: Portraits) -> IdentityDetail:
    return IdentityDetail(load_for_swap(tiny_model, CPU).network, IDENTITY, portraits, open_landmarker(), CPU)


def painted(tiny_model: Path, picture: np.ndarray) -> np.ndarray:
    network = load_for_swap(tiny_model, CPU).network
    given = cv2.resize(to_unit(picture), (network.side, network.side), interpolation=cv2.INTER_AREA)
    return infer(network, IDENTITY, CPU, given)[0]


def structure(picture: np.ndarray) -> np.ndarray:
    """What is left without light and colour."""
    return picture - cv2.GaussianBlur(picture, (0, 0), 0.05 * len(picture))


def test_a_painted_portrait_becomes_the_portrait_again(
    tiny_model: Path, portraits: Portraits, detail: IdentityDetail
) -> None:
    gains = []
    for n in range(0, len(portraits.pictures), 5):
        portrait, points = to_unit(portraits.pictures[n]), portraits.points[n]
        made = painted(tiny_model, portraits.pictures[n])
        size = portrait.shape[0]
        large = np.clip(cv2.resize(made, (size, size), interpolation=cv2.INTER_CUBIC), 0, 1)
        detailed = lay_on(large, detail.missing(made, points, size), 1.0)
        _, trust = wrap(np.zeros((384, 384, 3), np.float32), points, size)
        before, after = (
            float((np.square(structure(one) - structure(portrait)).mean(2) * trust).sum()) for one in (large, detailed)
        )
        gains.append(after / before)
    assert np.median(gains) < 0.6  # of the squared error
    assert max(gains) < 1.0


def test_it_ends_where_the_face_does(tiny_model: Path, portraits: Portraits, detail: IdentityDetail) -> None:
    points = portraits.points[0]
    missing = detail.missing(painted(tiny_model, portraits.pictures[0]), points, 200)
    face = np.zeros((200, 200), np.uint8)
    cv2.fillConvexPoly(face, cv2.convexHull(np.round(points[:468, :2] * 200).astype(np.int32)), 1)
    outside = cv2.dilate(face, np.ones((7, 7), np.uint8)) == 0
    assert outside.any()
    assert not missing[outside].any()
    assert np.abs(missing[face > 0]).mean() > 0.01


def test_a_strength_of_0_lays_nothing_on() -> None:
    face = np.random.default_rng(1).random((40, 40, 3), np.float32)
    missing = np.random.default_rng(2).normal(0, 0.3, (40, 40, 3)).astype(np.float32)
    np.testing.assert_allclose(lay_on(face, missing, 0.0), face, atol=1e-6)
    half, whole = lay_on(face, missing, 0.5), lay_on(face, missing, 1.0)
    assert np.abs(half - face).mean() < np.abs(whole - face).mean()


def test_points_of_what_is_no_face_are_the_performers(portraits: Portraits, detail: IdentityDetail) -> None:
    near = portraits.points[0]
    noise = np.random.default_rng(3).random((32, 32, 3), np.float32)
    np.testing.assert_array_equal(detail.points(noise, near), near)
    large = cv2.resize(to_unit(portraits.pictures[0]), (96, 96), interpolation=cv2.INTER_AREA)
    found = detail.points(np.asarray(large, np.float32), near)
    assert not np.array_equal(found, near)
    assert np.linalg.norm(found[:, :2] - near[:, :2], axis=1).mean() < 0.02
