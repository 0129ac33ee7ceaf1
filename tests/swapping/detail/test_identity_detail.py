"""The identity's own detail: it brings a painted portrait back to the portrait, and stays where it belongs."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from ml_backend.faces.canonical import canonical_mesh
from ml_backend.swapping.blend import to_unit
from ml_backend.swapping.detail.identity_detail import IdentityDetail, lay_on
from ml_backend.swapping.detail.mesh_texture import wrap
from ml_backend.swapping.inference import infer
from ml_backend.swapping.render import FaceRenderer
from ml_backend.swapping.settings import Controls
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
    return IdentityDetail(load_for_swap(tiny_model, CPU).network, IDENTITY, portraits, CPU)


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


def test_it_goes_as_the_face_leaves_the_picture(tiny_model: Path, detail: IdentityDetail) -> None:
    """What the network is shown of a face beyond the border is a guess: detail would make dots of it."""
    network, plate = load_for_swap(tiny_model, CPU).network, np.full((160, 160, 3), 140, np.uint8)
    changed = []
    for y in (80, 132, 170):  # inside, cut at the mouth, cut at the eyes
        layers = []
        for strength in "01":
            controls = Controls.make({"detail": strength, "grain": "0", "learned_mask": "false"}, {})
            layer = FaceRenderer(network, IDENTITY, controls, CPU, detail=detail)
            layers.append(layer.render(plate, [canonical_mesh() * 50 + [80, y, 0]])[..., :3].astype(float))
        covered = (layers[0].max(2) > 0) & (layers[1].max(2) > 0)
        assert covered.sum() > 200
        changed.append(np.abs(layers[1] - layers[0])[covered].mean())
    assert changed[0] > 1
    assert changed[0] > changed[1] > changed[2]
    assert changed[2] < 0.01


def test_it_ends_where_the_face_does(tiny_model: Path, portraits: Portraits, detail: IdentityDetail) -> None:
    points = portraits.points[0]
    missing = detail.missing(painted(tiny_model, portraits.pictures[0]), points, 200)
    face = np.zeros((200, 200), np.uint8)
    cv2.fillConvexPoly(face, cv2.convexHull(np.round(points[:468, :2] * 200).astype(np.int32)), 1)
    outside = cv2.dilate(face, np.ones((7, 7), np.uint8)) == 0
    assert outside.any()
    assert not missing[outside].any()
    assert np.abs(missing[face > 0]).mean() > 0.01


def test_a_small_face_gets_the_mean_of_what_a_large_one_gets(
    tiny_model: Path, portraits: Portraits, detail: IdentityDetail
) -> None:
    made, points = painted(tiny_model, portraits.pictures[0]), portraits.points[0]
    large = detail.missing(made, points, 384)
    for size in (24, 48, 96):
        mean = cv2.resize(large, (size, size), interpolation=cv2.INTER_AREA)
        np.testing.assert_allclose(detail.missing(made, points, size), mean, atol=1e-5)


def test_portraits_smaller_than_the_network_bring_no_steps_of_their_own(tiny_model: Path, portraits: Portraits) -> None:
    """What is missing is compared at the portrait's size: the made face is averaged to it, not picked from."""
    network = load_for_swap(tiny_model, CPU).network
    side = network.side // 3
    small = np.stack([cv2.resize(one, (side, side), interpolation=cv2.INTER_AREA) for one in portraits.pictures[:3]])
    few = IdentityDetail(network, IDENTITY, Portraits(small, portraits.points[:3]), CPU)
    picture = to_unit(small[0])
    given = np.clip(cv2.resize(picture, (network.side, network.side), interpolation=cv2.INTER_CUBIC), 0, 1)
    made = infer(network, IDENTITY, CPU, given)[0]
    missing = few.missing(made, portraits.points[0], side)
    before = cv2.resize(made, (side, side), interpolation=cv2.INTER_AREA)
    _, trust = wrap(np.zeros((384, 384, 3), np.float32), portraits.points[0], side)
    errors = [
        float((np.square(structure(one) - structure(picture)).mean(2) * trust).sum())
        for one in (before, lay_on(before, missing, 1.0))
    ]
    assert errors[1] < errors[0]


@pytest.mark.parametrize("which", [[0], [0, 0], [0, 0, 0, 0], [0, 1], [0, 1, 2, 3]])
def test_few_portraits_or_the_same_again_will_do(tiny_model: Path, portraits: Portraits, which: list[int]) -> None:
    some = Portraits(portraits.pictures[which], portraits.points[which])
    few = IdentityDetail(load_for_swap(tiny_model, CPU).network, IDENTITY, some, CPU)
    for made in (painted(tiny_model, portraits.pictures[0]), painted(tiny_model, portraits.pictures[-1])):
        missing = few.missing(made, portraits.points[0], 64)
        assert np.isfinite(missing).all()
        assert missing.any()


@pytest.mark.parametrize("x", [-0.4, 0.4, 5.0])
def test_a_face_that_leaves_the_crop_is_no_trouble(
    tiny_model: Path, portraits: Portraits, detail: IdentityDetail, x: float
) -> None:
    points = portraits.points[0] + np.array([x, 0, 0], np.float32)
    missing = detail.missing(painted(tiny_model, portraits.pictures[0]), points, 64)
    assert np.isfinite(missing).all()
    assert missing.any() == (x < 1)


def test_light_beyond_a_screens_stays_and_nothing_falls_below_black() -> None:
    face = np.array([-0.2, 0.0, 0.5, 3.0, 60.0], np.float32)[:, None, None].repeat(3, 2)
    for missing in (-1.5, 0.0, 1.0):
        laid = lay_on(face, np.full_like(face, missing), 1.0)
        assert np.isfinite(laid).all()
        assert laid.min() >= 0
        assert (np.diff(laid[:, 0, 0]) >= 0).all()


def test_a_strength_of_0_lays_nothing_on() -> None:
    face = np.random.default_rng(1).random((40, 40, 3), np.float32)
    missing = np.random.default_rng(2).normal(0, 0.3, (40, 40, 3)).astype(np.float32)
    np.testing.assert_allclose(lay_on(face, missing, 0.0), face, atol=1e-6)
    half, whole = lay_on(face, missing, 0.5), lay_on(face, missing, 1.0)
    assert np.abs(half - face).mean() < np.abs(whole - face).mean()
