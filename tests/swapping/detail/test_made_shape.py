"""The performance is kept in the made face: it is bent by what its shape differs from the usual one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ml_backend.faces.canonical import canonical_mesh
from ml_backend.faces.landmarks import open_landmarker
from ml_backend.faces.tracking import FaceTracker
from ml_backend.media.write import read_picture
from ml_backend.networks.autoencoder import Autoencoder
from ml_backend.progress import SilentReporter
from ml_backend.swapping.blend import to_unit
from ml_backend.swapping.detail.enlarge import enlarge
from ml_backend.swapping.detail.made_shape import FARTHEST, MadeShape, bend, correction
from ml_backend.swapping.render import FaceRenderer
from ml_backend.swapping.settings import Controls
from ml_backend.training.models.checkpoints import load_for_swap
from ml_backend.training.models.portraits import Portraits, read_portraits

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def performer(tiny_model: Path) -> Portraits:
    found = read_portraits(tiny_model, "performer_A")
    assert found is not None
    return found


def shape_of(model: Path, performer: Portraits | None) -> MadeShape:
    return MadeShape(load_for_swap(model, CPU).network, "identity_B", CPU, open_landmarker(), performer)


def face_points() -> np.ndarray:
    """478×3 in the middle of a square picture, in parts of its side."""
    mesh = canonical_mesh()
    return np.asarray(mesh / np.ptp(mesh[:, :2]) * 0.6 + [0.5, 0.5, 0], np.float32)


def test_a_face_is_found_beside_another_ones_points(tiny_model: Path, performer: Portraits) -> None:
    shape, points = shape_of(tiny_model, None), performer.points[0]
    own = shape.beside(to_unit(performer.pictures[0]), points)
    assert own is not None
    assert np.linalg.norm(own[:468, :2], axis=1).mean() < 0.02
    moved = shape.beside(to_unit(performer.pictures[0]), points - np.float32([0.02, 0, 0]))
    assert moved is not None
    np.testing.assert_allclose((moved - own)[:468, 0].mean(), 0.02, atol=0.003)
    assert shape.beside(np.full((96, 96, 3), 0.5, np.float32), points) is None


class MovesEverything(torch.nn.Module):
    """Gives what it is shown, moved to the right by some pixels: a person whose every feature lies there."""

    side = 96

    def __init__(self, pixels: int) -> None:
        super().__init__()
        self.pixels = pixels

    def swap(self, batch: torch.Tensor, identity: str) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.roll(batch, self.pixels, 3), torch.ones_like(batch[:, :1])


def usual_of(pixels: int, performer: Portraits | None) -> np.ndarray | None:
    network = cast(Autoencoder, MovesEverything(pixels))
    shape = MadeShape(network, "identity_B", CPU, open_landmarker(), performer)
    return shape.usual(face_points())


def test_the_usual_shape_is_what_the_network_makes_of_the_performer(performer: Portraits) -> None:
    still, moved = usual_of(0, performer), usual_of(3, performer)
    assert still is not None
    assert moved is not None
    np.testing.assert_allclose((moved - still)[:468, :2].mean(0), (3 / 96, 0), atol=0.004)
    assert usual_of(3, None) is None
    grey = Portraits(np.full_like(performer.pictures, 128), performer.points)
    assert usual_of(3, grey) is None, "there is no face"


def test_the_shapes_of_both_people_count_beside_what_the_network_makes(tiny_model: Path, performer: Portraits) -> None:
    """Of a network that gives the performer back: the identity's own portraits say where its features lie."""
    network, other = cast(Autoencoder, MovesEverything(0)), read_portraits(tiny_model, "identity_B")
    points = performer.points[0]
    alone, same, both = (
        MadeShape(network, "identity_B", CPU, open_landmarker(), performer, own).usual(points)
        for own in (None, performer, other)
    )
    assert alone is not None
    assert same is not None
    assert both is not None
    lengths = [float(np.linalg.norm((one - alone)[:468, :2], axis=1).mean()) for one in (same, both)]
    assert lengths[0] < 0.003  # what is noise in the landmarks
    assert 2 * lengths[0] < lengths[1] < 0.03


@given(strength=st.floats(0.1, 1), shift=st.floats(-0.5, 0.5))
def test_the_usual_shape_is_left_alone_and_another_moved_towards_it(strength: float, shift: float) -> None:
    usual = np.zeros((478, 3), np.float32)
    still = correction(usual, usual, strength)
    assert still is not None
    assert not still.any()
    moved = correction(usual + np.float32([shift, 0, 0]), usual, strength)
    assert moved is not None
    wanted = -np.sign(shift) * min(abs(shift) * strength, FARTHEST)
    np.testing.assert_allclose(moved[:, 0], wanted, atol=1e-6)
    assert correction(usual, None, strength) is None
    assert correction(usual, usual, 0) is None


def test_bending_moves_the_face_and_not_the_border() -> None:
    points, size = face_points(), 200
    x, y = np.meshgrid(*[np.arange(size, dtype=np.float32)] * 2)
    picture = np.dstack([x, y, np.ones_like(x)])
    still = bend(picture, points, np.zeros_like(points))
    np.testing.assert_allclose(still, picture, atol=1e-3)
    bent = bend(picture, points, np.float32([0.03, -0.01, 0]) * np.ones_like(points))
    middle = (slice(80, 120), slice(80, 120))
    np.testing.assert_allclose((picture - bent)[middle][..., 0], 0.03 * size, atol=0.1)
    np.testing.assert_allclose((picture - bent)[middle][..., 1], -0.01 * size, atol=0.1)
    np.testing.assert_allclose(bent[0], picture[0], atol=0.5)
    assert np.diff(bent[..., 0], axis=1).min() >= 0  # nothing folds


def test_an_enlarged_face_is_bent_alike_the_quick_way() -> None:
    points, side = face_points(), 64
    made = np.random.default_rng(0).uniform(0, 1, (side, side, 3)).astype(np.float32)
    moved = np.float32([0.013, -0.007, 0]) * np.ones_like(points)
    large = enlarge(made, side * 6, "cubic")
    quick, exact = bend(large, points, moved, 6), bend(large, points, moved)
    assert not np.array_equal(quick, exact)
    assert np.abs(quick - exact).mean() < 0.005


def test_a_face_that_the_network_misplaced_is_painted_where_it_usually_is(
    frames: list[np.ndarray], performer: Portraits
) -> None:
    """Of a network that gives the face back, 3 pixels beside it; usually it does not move it."""
    plate = frames[1]
    points = FaceTracker()(plate)[0].landmarks
    shape = MadeShape(cast(Autoencoder, MovesEverything(0)), "identity_B", CPU, open_landmarker(), performer)

    def error(performance: str) -> float:
        controls = Controls.make({"performance": performance, "detail": "0", "colour": "none", "grain": "0"}, {})
        network = cast(Autoencoder, MovesEverything(3))
        layer = FaceRenderer(network, "identity_B", controls, CPU, shape=shape).render(plate, [points])
        inside = layer[..., 3] > 250
        assert inside.any()
        return float(np.square(layer[inside][:, :3].astype(float) - plate[inside]).mean())

    kept, half, free = (error(performance) for performance in ("1", "0.5", "0"))
    assert kept < half < free
    assert kept < free / 4


class Heard(SilentReporter):
    def __init__(self) -> None:
        self.messages: list[str] = []

    def message(self, text: str) -> None:
        self.messages.append(text)


def test_a_swap_keeps_it_only_for_a_performer_who_is_known(swap: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    heard = Heard()

    def picture(name: str, **settings: str) -> np.ndarray:
        out = tmp_path / name
        swap(heard, out=out, settings={"faces": "largest", "detail": "0"} | settings)
        return read_picture(out / "000002.png")

    plain = picture("plain", performance="0")
    assert not heard.messages
    assert np.array_equal(picture("unknown", performance="1"), plain)
    assert [text for text in heard.messages if text.startswith("performance: no effect")]
