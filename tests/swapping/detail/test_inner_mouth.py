"""The performer's teeth and tongue between the lips of the made face."""

from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ml_backend.faces.alignment import FACE, align
from ml_backend.faces.geometry import transform
from ml_backend.faces.landmarks import open_landmarker
from ml_backend.faces.regions import INNER_LIPS, fill
from ml_backend.faces.tracking import FaceTracker
from ml_backend.media.source import open_source
from ml_backend.networks.autoencoder import Autoencoder
from ml_backend.swapping.detail.inner_mouth import MOST, _between, lay_inner_mouth
from ml_backend.swapping.detail.made_shape import MadeShape
from ml_backend.swapping.render import FaceRenderer
from ml_backend.swapping.settings import Controls

CPU = torch.device("cpu")
UNIT = 100.0
STAYS = np.eye(2, 3)
WHOLE = np.ones((120, 160), np.float32)
MADE = np.zeros((120, 160, 3), np.float32)
SPEAKS = 20  # a frame of the demo's plate on which the mouth is open


def mouth(x: float, y: float, wide: float = 40, high: float = 16) -> np.ndarray:
    """20×2, the outline of the gap between two lips, around a middle."""
    angle = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    return np.stack([x + wide * np.cos(angle), y + high * np.sin(angle)], 1)


def places() -> np.ndarray:
    """A plate whose first two colours tell where a pixel comes from."""
    y, x = np.mgrid[:120, :160].astype(np.float32)
    return np.dstack([x / 160, y / 120, np.ones_like(x)])


def laid(
    lips: np.ndarray, performer: np.ndarray, weight: np.ndarray = WHOLE, visible: np.ndarray | None = None
) -> np.ndarray:
    return lay_inner_mouth(MADE, places(), lips, performer, STAYS, weight, visible, UNIT)


def test_between_equal_lips_lies_the_plate_and_beside_them_the_made_face() -> None:
    lips = mouth(80, 60)
    result = laid(lips, lips)
    np.testing.assert_allclose(result[56:65, 64:97], places()[56:65, 64:97], atol=1e-5)
    beside = fill((120, 160), mouth(80, 60, 40 + 12, 16 + 12)) == 0
    assert not result[beside].any()
    assert not MADE.any(), "the picture that was given stays as it was"


@given(x=st.floats(60, 100), y=st.floats(45, 75), high=st.floats(11, 22))
def test_the_mouth_is_moved_and_stretched_to_the_made_lips(x: float, y: float, high: float) -> None:
    result = laid(mouth(x, y, 40, high), mouth(80, 60))
    column, row = round(x), round(y)
    assert result[row, column, 2] > 0.9
    np.testing.assert_allclose(result[row, column, 0] * 160, 80 + column - x, atol=0.6)
    up, down = (result[row + step, column, 1] * 120 for step in (-4, 4))
    np.testing.assert_allclose((down - up) / 8, 16 / high, atol=0.12)


def test_a_shut_mouth_stays_shut() -> None:
    opened, closed = mouth(80, 60), mouth(80, 60, 40, 0.2)
    for lips, performer in ((closed, opened), (closed, closed)):
        assert laid(lips, performer)[..., 2].max() < 0.15
    # the made lips are apart and the performer's are not: what the network painted between them stays
    shown = laid(opened, closed)[..., 2]
    assert shown.max() < 0.4
    assert not shown[:50].any()


def test_only_as_much_as_is_asked_for_and_nothing_that_covers_the_mouth() -> None:
    lips = mouth(80, 60)
    np.testing.assert_allclose(laid(lips, lips, WHOLE * np.float32(0.3))[60, 80], 0.3 * places()[60, 80], atol=1e-6)
    hand = WHOLE.copy()
    hand[:, 80:] = 0
    shown = laid(lips, lips, visible=hand)[..., 2]
    assert shown[60, 75] == pytest.approx(1, abs=1e-5)
    assert not shown[:, 80:].any()
    # the made mouth lies elsewhere: what is covered on the plate does not come along
    moved = laid(mouth(70, 60), lips, visible=hand)[..., 2]
    assert moved[60, 65] > 0.9
    assert not moved[:, 72:].any()


@pytest.mark.parametrize("middle", [(-70, 60), (80, -60), (300, 60), (2, 60), (158, 118)])
def test_a_mouth_at_or_beyond_the_border(middle: tuple[float, float]) -> None:
    lips = mouth(*middle)
    result = laid(lips, lips)
    inside = (0 <= middle[0] < 160) and (0 <= middle[1] < 120)
    assert (result[..., 2].max() > 0.9) == inside


@given(seed=st.integers(0, 1000), spread=st.floats(0, 30))
def test_no_mouth_is_stretched_too_far_and_its_middle_stays_its_middle(seed: int, spread: float) -> None:
    lips = mouth(80, 60)
    performer = lips + np.random.default_rng(seed).normal(0, 1, lips.shape) * spread
    between = _between(lips, performer, 2.0)
    sizes = np.linalg.svd(between[:, :2], compute_uv=False)
    assert sizes.min() >= 1 / MOST - 1e-9
    assert sizes.max() <= MOST + 1e-9
    np.testing.assert_allclose(transform(lips.mean(0), between), performer.mean(0), atol=1e-6)


class LosesTeeth(torch.nn.Module):
    """Gives the face back with its mouth filled with black."""

    side = 96

    def __init__(self, mouth: torch.Tensor) -> None:
        super().__init__()
        self.mouth = mouth

    def swap(self, batch: torch.Tensor, identity: str) -> tuple[torch.Tensor, torch.Tensor]:
        return batch * (1 - self.mouth), torch.ones_like(batch[:, :1])


def test_a_swap_shows_the_performers_mouth(footage: Path) -> None:
    """Of a network that gives the face back without what lies between the lips."""
    plate = next(iter(open_source(footage / "plate_A.mp4").frames([SPEAKS]))).image
    points = FaceTracker()(plate)[0].landmarks
    gap = transform(points[INNER_LIPS, :2], align(points, 96, FACE))
    network = cast(Autoencoder, LosesTeeth(torch.from_numpy(fill((96, 96), gap))))
    shape = MadeShape(network, "identity_B", CPU, open_landmarker())
    middle = points[INNER_LIPS, :2].mean(0)
    inside = fill((plate.shape[0], plate.shape[1]), middle + (points[INNER_LIPS, :2] - middle) / 2) > 0.99

    def error(inner_mouth: str) -> float:
        controls = Controls.make({"inner_mouth": inner_mouth, "detail": "0", "colour": "none", "grain": "0"}, {})
        layer = FaceRenderer(network, "identity_B", controls, CPU, shape=shape).render(plate, [points])
        return float(np.abs(layer[inside][:, :3].astype(float) - plate[inside]).mean())

    kept, half, lost = (error(inner_mouth) for inner_mouth in ("1", "0.5", "0"))
    assert kept < half < lost
    assert kept < lost / 3
