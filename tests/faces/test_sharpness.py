"""Sharpness on crops of the demo's footage, blurred, lit, compressed and resized on purpose."""

from collections.abc import Callable
from itertools import pairwise

import cv2
import numpy as np
import pytest

from ml_backend.faces.alignment import FACE, STORED_MARGIN, align, crop
from ml_backend.faces.geometry import transform
from ml_backend.faces.light import luminance, measure_light
from ml_backend.faces.sharpness import SHARPEST, sharpness

SIZE = 256
FRAMING = FACE.with_margin(STORED_MARGIN)
Crops = list[tuple[np.ndarray, np.ndarray]]


@pytest.fixture(scope="module")
def crops(pictures: Callable[..., list[np.ndarray]], landmarks_of: Callable[[np.ndarray], np.ndarray]) -> Crops:
    """Crops with their points."""
    found = []
    for image in [*pictures("plate_A", 1, 120, 40), *pictures("identity_B_take2", 1, 120, 40)]:
        points = landmarks_of(image)
        matrix = align(points, SIZE, FRAMING)
        found.append((crop(image, matrix, SIZE), transform(points[:, :2], matrix)))
    return found


def measured(image: np.ndarray, points: np.ndarray, pixel: float = 1.0) -> float:
    scale = image.shape[0] / SIZE
    return sharpness(luminance(image), (points + 0.5) * scale - 0.5, image.shape[0] / FRAMING.side, pixel)


def bytes_of(values: np.ndarray) -> np.ndarray:
    return np.clip(np.round(values), 0, 255).astype(np.uint8)


def test_it_falls_with_every_blur(crops):
    for image, points in crops:
        values = [measured(cv2.GaussianBlur(image, (0, 0), s) if s else image, points) for s in (0, 1, 1.5, 2, 3, 4, 6)]
        assert all(later < before for before, later in pairwise(values[1:]))
        assert values[1] <= values[0]


def test_it_is_the_width_of_the_blur(crops):
    """What is sharp and is then blurred by σ has a blur of σ."""
    eyes = SIZE / FRAMING.side
    for sigma in (2.5, 3, 4):
        found = [measured(cv2.GaussianBlur(image, (0, 0), sigma), points) for image, points in crops]
        assert np.median([eyes / value for value in found]) == pytest.approx(sigma, rel=0.25)


def test_blur_in_one_direction_counts(crops):
    motion = np.zeros((15, 15), np.float32)
    motion[7] = 1 / 15
    for kernel in (motion, motion.T.copy()):
        for image, points in crops:
            assert measured(cv2.filter2D(image, -1, kernel), points) < 0.8 * measured(image, points)


@pytest.mark.parametrize("sigma", [1.5, 4])
def test_light_noise_and_compression_hardly_matter(sigma, crops):
    random = np.random.default_rng(2)
    for image, points in crops:
        soft = cv2.GaussianBlur(image, (0, 0), sigma)
        value = measured(soft, points)
        assert measured(bytes_of(soft * 0.5), points) == pytest.approx(value, rel=0.05)
        assert measured(bytes_of((soft - 128.0) * 0.5 + 100), points) == pytest.approx(value, rel=0.05)
        assert measured(soft.astype(np.uint16) * 257, points) == pytest.approx(value, rel=0.001)
        assert measured(bytes_of(soft + random.normal(0, 5, soft.shape)), points) == pytest.approx(value, rel=0.15)
        jpeg = cv2.imdecode(cv2.imencode(".jpg", soft, [cv2.IMWRITE_JPEG_QUALITY, 60])[1], cv2.IMREAD_COLOR)
        assert measured(jpeg, points) == pytest.approx(value, rel=0.15)


@pytest.mark.parametrize("size", [96, 128, 192])
def test_resolution_is_no_blur(size, crops):
    """Crops stored smaller, and crops of faces that were that small in their frame."""
    for image, points in crops:
        whole = cv2.GaussianBlur(image, (0, 0), 1)
        value = measured(whole, points)
        small = cv2.resize(whole, (size, size), interpolation=cv2.INTER_AREA)
        assert measured(small, points) == pytest.approx(value, rel=0.25)
        enlarged = cv2.resize(small, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
        assert measured(enlarged, points, SIZE / size) == pytest.approx(value, rel=0.25)


def test_what_cannot_be_measured():
    points = np.random.default_rng(1).uniform(60, 190, (478, 2))
    grey = np.full((SIZE, SIZE), 0.5, np.float32)
    assert 0 <= sharpness(grey, points, 87) <= 1.01  # no edge at all: as blurred as can be
    assert sharpness(grey, points + 5000, 87) == 0  # not in the picture
    assert sharpness(np.zeros((1, 1), np.float32), points, 0.3) <= SHARPEST


def test_light_is_that_of_the_skin(crops):
    for image, points in crops:
        light = measure_light(image, points)
        assert 0.3 < light.skin < 0.9
        assert light.dark < 0.05
        halved = measure_light(bytes_of(image * 0.5), points)
        assert halved.skin == pytest.approx(light.skin / 2, abs=0.01)
        assert measure_light(bytes_of(image * 4.0), points).bright > 0.5
        assert measure_light(bytes_of(image * 0.01), points).dark > 0.9
        assert 0 < light.hue < 50
        assert halved.hue == pytest.approx(light.hue, abs=2)
        assert -150 < measure_light(bytes_of(image * [0.2, 0.4, 1.0]), points).hue < -90  # blue
        deep = measure_light(image.astype(np.uint16) * 257, points)
        assert deep.skin == pytest.approx(light.skin, abs=1e-4)
    assert measure_light(crops[0][0], points + 9999).dark == 1  # nothing of it can be seen
