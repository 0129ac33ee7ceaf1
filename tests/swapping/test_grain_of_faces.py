"""Whose grain is measured: a face's own features are none, however small it is."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from ml_backend.faces.alignment import FACE, align, crop
from ml_backend.faces.regions import eye_distance
from ml_backend.faces.tracking import FaceTracker
from ml_backend.media.source import open_source
from ml_backend.swapping.blend import to_unit
from ml_backend.swapping.colour import skin_weights
from ml_backend.swapping.detail.grain import Grain
from ml_backend.swapping.making import MEASURED_ERODE, MEASURED_FEATHER, _grain, placed
from ml_backend.swapping.masks.surface import surface_mask

SIDE = 96


@pytest.fixture(scope="module")
def picture(footage: Path) -> np.ndarray:
    """A face without grain that looks into the camera, 480 pixels high."""
    (frame,) = open_source(footage / "plate_A.mp4", "98").frames()
    return np.asarray(cv2.resize(frame.image, (480, 480), interpolation=cv2.INTER_CUBIC))


def grain_of(picture: np.ndarray) -> Grain | None:
    (face,) = FaceTracker()(picture)
    matrix = align(face.landmarks, SIDE, FACE)
    points = placed(face.landmarks, matrix)
    whole = surface_mask((SIDE, SIDE), points, MEASURED_ERODE, MEASURED_FEATHER)
    skin = skin_weights(to_unit(crop(picture, matrix, SIDE, cv2.INTER_LINEAR)), whole, points)
    return _grain(picture, matrix, skin, eye_distance(face.landmarks))


@pytest.mark.parametrize("side", [480, 200, 130, 90])
@pytest.mark.parametrize("sigma", [0.0, 5.0])
def test_the_smaller_a_face_the_less_is_it_taken_for_grain(picture: np.ndarray, side: int, sigma: float) -> None:
    small = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA).astype(np.float32)
    small += np.random.default_rng(1).normal(0, sigma, small.shape)
    grain = grain_of(small.round().clip(0, 255).astype(np.uint8))
    strongest = 0.0 if grain is None else float(grain.sigma.max()) * 255
    assert strongest < sigma + 4
    if sigma and side >= 200:
        assert strongest > 0.7 * sigma
