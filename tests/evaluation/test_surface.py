"""Mask, colour and edge of pictures whose figures can be worked out."""

import numpy as np
import pytest

from ml_backend.evaluation.region import Region, region_of
from ml_backend.evaluation.surface import coverage, edge_contrasts, mean_colours

from .known_faces import face_at

SIDE, UNIT = 120, 40.0


def disc(radius: float, soft: float = 0.0) -> np.ndarray:
    y, x = np.indices((SIDE, SIDE)) - (SIDE - 1) / 2
    far = np.hypot(x, y)
    return np.clip((radius + soft / 2 - far) / max(soft, 1e-6), 0, 1).astype(np.float32)


def lab(lightness: float | np.ndarray, a: float = 0.0, b: float = 0.0) -> np.ndarray:
    planes = np.broadcast_arrays(np.asarray(lightness, np.float32), np.full((SIDE, SIDE), a), np.full((SIDE, SIDE), b))
    return np.dstack(planes).astype(np.float32)


def region(swap: np.ndarray, plate: np.ndarray, alpha: np.ndarray) -> Region:
    return Region(plate, swap, alpha, disc(50), np.zeros((478, 2)), UNIT)


def test_coverage_is_the_part_of_the_oval() -> None:
    plain = lab(50)
    assert coverage(region(plain, plain, disc(50))) == pytest.approx(1)
    assert coverage(region(plain, plain, disc(25))) == pytest.approx(0.25, rel=0.01)
    assert coverage(region(plain, plain, disc(50) * 0.5)) == pytest.approx(0.5)
    assert coverage(region(plain, plain, disc(0) * 0)) == 0


def test_colours_are_means_under_the_mask() -> None:
    inside = disc(30)
    swap = lab(np.where(inside > 0, 60, 5), 7, -3)
    found = mean_colours(region(swap, lab(50), inside))
    assert found is not None
    assert found[0] == pytest.approx([60, 7, -3])
    assert found[1] == pytest.approx([50, 0, 0])
    assert mean_colours(region(swap, lab(50), inside * 0)) is None


def test_an_edge_that_adds_nothing_is_not_visible() -> None:
    rng = np.random.default_rng(2)
    plate = lab(rng.random((SIDE, SIDE)) * 100)
    found = edge_contrasts(region(plate, plate, disc(40, 8)))
    assert found is not None
    assert found[0] == found[1] > 0
    assert found[2] == 0


def test_a_seam_is_as_visible_as_its_step_is_high() -> None:
    alpha, plate = disc(40, 12), lab(50)

    def excess(step: float) -> float:
        found = edge_contrasts(region(lab(50 + step * alpha), plate, alpha))
        assert found is not None
        return found[2]

    # the whole step lies within 12 pixels, and the figure is told over 4
    assert excess(9) == pytest.approx(9 / 12 * 4, rel=0.15)
    assert excess(18) == pytest.approx(2 * excess(9), rel=1e-3)
    assert excess(-9) == pytest.approx(excess(9), rel=1e-3), "darker or brighter is the same"


def test_a_seam_on_one_side_is_not_made_up_for_by_the_other() -> None:
    alpha = disc(40, 12)
    left = np.arange(SIDE)[None] < SIDE / 2
    ramp = 20 * alpha
    swap, plate = lab(np.where(left, 50 + ramp, 50)), lab(np.where(left, 50, 50 + ramp))
    found = edge_contrasts(region(swap, plate, alpha))
    assert found is not None
    assert found[0] == pytest.approx(found[1], rel=0.02)
    assert found[2] > 0.4 * found[0]


@pytest.mark.parametrize("alpha", [np.zeros((SIDE, SIDE), np.float32), np.ones((SIDE, SIDE), np.float32)])
def test_no_edge_has_no_contrast(alpha: np.ndarray) -> None:
    assert edge_contrasts(region(lab(50), lab(60), alpha)) is None


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_region_holds_the_face_at_a_size_that_is_enough(dtype: type) -> None:
    picture = np.full((1200, 1600, 3), np.iinfo(dtype).max, dtype)
    alpha = np.zeros((1200, 1600), np.float32)
    alpha[600:] = 1
    found = region_of(picture, picture // 2, alpha, face_at(800, 600, 400))
    assert found is not None
    assert found.unit == pytest.approx(160)
    assert found.lab_swap.shape[:2] == found.alpha.shape == found.oval.shape
    assert found.lab_plate[..., 0].mean() == pytest.approx(100, abs=0.1)
    assert found.lab_swap[..., 0].mean() == pytest.approx(53.4, abs=0.5)
    assert found.oval[found.points[:, 1].mean().astype(int), found.points[:, 0].mean().astype(int)] == 1
    assert np.linalg.norm(found.points[263] - found.points[33]) == pytest.approx(160, rel=0.02)
    assert found.points.min() > 0


def test_a_face_outside_of_the_picture_has_no_region() -> None:
    picture, alpha = np.zeros((100, 100, 3), np.uint8), np.zeros((100, 100), np.float32)
    assert region_of(picture, picture, alpha, face_at(400, 50)) is None
    assert region_of(picture, picture, alpha, face_at(50, 50)) is not None
