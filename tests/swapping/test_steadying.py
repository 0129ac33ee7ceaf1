"""What a face is painted with is averaged over the frames around: nothing lags, and no other face gets into it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np
import pytest
import torch

from ml_backend.faces.canonical import canonical_mesh
from ml_backend.faces.face import Face
from ml_backend.faces.geometry import transform
from ml_backend.media.frame import Frame
from ml_backend.networks.architecture import Architecture
from ml_backend.networks.families import build_autoencoder
from ml_backend.networks.unet import UNet
from ml_backend.swapping.around import around, symmetric_weights
from ml_backend.swapping.making import FaceMaker, Made
from ml_backend.swapping.masks.occlusion import Seen
from ml_backend.swapping.settings import Controls
from ml_backend.swapping.steadying import Steady, steady
from ml_backend.training.masks.checkpoints import MaskInfo
from ml_backend.training.masks.model import MaskModel
from ml_backend.training.masks.settings import MaskSettings

CPU = torch.device("cpu")
LAST = 9
MIDDLE = 5
CONTROLS = Controls.make({"mask_smooth": "1", "colour_smooth": "1", "sharpness": "1", "grain": "1"}, {})
Film = Mapping[int, list[Made]]


class GreenIsCover(UNet):
    """A mask network that needs no training: what is green covers the face."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (0.3 - (x[:, 1:2] - x[:, :1])) * 40


def points(x: float = 160) -> np.ndarray:
    return canonical_mesh() * 90 + [x, 120, 0]


def picture(number: int, cover: int | None = None) -> np.ndarray:
    """Skin with grain, another on every frame; a green bar from the column `cover` on."""
    noise = np.random.default_rng(number).integers(-6, 7, (240, 320, 3))
    image = (np.array([200, 150, 120]) + noise).astype(np.uint8)
    if cover is not None:
        image[:, cover : cover + 20] = (10, 230, 40)
    return image


def looked(one: Made, probability: np.ndarray) -> Made:
    assert one.seen is not None
    return replace(one, seen=replace(one.seen, probability=probability.astype(np.float32)))


def seen_of(one: Made | Steady) -> Seen:
    assert one.seen is not None
    return one.seen


@pytest.fixture(scope="module")
def make() -> Callable[[Frame, list[Face]], list[Made]]:
    torch.manual_seed(3)
    architecture = Architecture(resolution=32, encoder_channels=4, code=16, inter_channels=16, decoder_channels=4)
    network = build_autoencoder(architecture, ["a", "b"]).eval()
    info = MaskInfo(size=96, settings=MaskSettings(), iteration=1, seconds=1, loss=0, held_out=[])
    return FaceMaker(network, "b", CONTROLS, CPU, MaskModel(GreenIsCover().eval(), info, "0" * 64, CPU)).make


@pytest.fixture(scope="module")
def film(make: Callable[[Frame, list[Face]], list[Made]]) -> Film:
    """A face that moves behind a bar that moves the other way; the mask model has doubts, others on every frame."""
    film, random = {}, np.random.default_rng(7)
    for n in range(1, LAST + 1):
        one = make(Frame(n, picture(n, 190 - 8 * n)), [Face(points(140 + 3 * n), 1.0, 0)])[0]
        sure = seen_of(one).probability
        film[n] = [looked(one, np.abs(sure - random.uniform(0, 0.3, sure.shape)))]
    return film


def steadied(film: Film, controls: Controls = CONTROLS, track: int = 0) -> dict[int, Steady]:
    """Every frame on which the track is."""

    def all_of_them() -> Iterator[tuple[int, Steady]]:
        for number, near in around(iter(sorted(film.items())), controls.reach):
            for one in near[number]:
                if one.track == track:
                    yield number, steady(number, one, near, controls)

    return dict(all_of_them())


def arrays(one: Steady) -> dict[str, np.ndarray]:
    """All that is averaged."""
    assert one.colour is not None
    assert one.seen is not None
    assert one.sharpness is not None
    assert one.grain is not None
    return {
        "colour": one.colour,
        "mask": one.mask,
        "seen": one.seen.probability,
        "sharpness": one.sharpness.energy,
        **{name: getattr(one.grain, name) for name in ("power", "share", "likeness", "channels")},
    }


def assert_alike(one: Steady, other: Steady) -> None:
    for name, value in arrays(one).items():
        assert np.allclose(value, arrays(other)[name], rtol=1e-4, atol=1e-5), name


def test_time_reversed_gives_the_same_reversed(film: Film) -> None:
    forwards = steadied(film)
    backwards = steadied({LAST + 1 - n: faces for n, faces in film.items()})
    assert forwards.keys() == backwards.keys() == set(range(1, LAST + 1))
    for number, one in forwards.items():
        other = backwards[LAST + 1 - number]
        assert_alike(one, other)
        assert one.motion is not None
        assert other.motion is not None
        assert np.allclose(transform(transform(points()[:, :2], one.motion), other.motion), points()[:, :2])
    assert not np.allclose(arrays(forwards[MIDDLE])["seen"], seen_of(film[MIDDLE][0]).probability, atol=0.05)


def test_one_frame_counts_as_much_before_as_after(film: Film) -> None:
    still = film[MIDDLE][0]
    none, every = np.zeros_like(still.mask), np.ones_like(still.mask)
    blank = looked(replace(still, mask=none), np.zeros_like(seen_of(still).probability))
    flash = looked(replace(still, mask=every), np.ones_like(seen_of(still).probability))
    got = steadied({n: [flash if n == MIDDLE else blank] for n in film})
    weights = symmetric_weights(MIDDLE, film, 1.0)
    assert len(weights) == 5
    for number, one in got.items():
        there = weights.get(number, 0.0)
        if 3 <= number <= LAST - 2:  # beside an end less is averaged
            assert np.allclose(one.mask, there, atol=1e-6)
            assert np.allclose(seen_of(one).probability, there, atol=1e-6)


def test_what_does_not_change_stays(film: Film) -> None:
    still = film[MIDDLE][0]
    for one in steadied({key: [still] for key in film}).values():
        assert np.allclose(one.mask, still.mask, atol=1e-6)
        assert np.allclose(seen_of(one).probability, seen_of(still).probability, atol=1e-6)
        assert one.colour is not None
        assert still.measured.colour is not None
        assert np.allclose(one.colour, still.measured.colour, atol=1e-4)
        assert one.motion is not None
        assert np.allclose(one.motion, [[1, 0, 0], [0, 1, 0]], atol=1e-9)


@pytest.mark.parametrize("stranger", [False, True])
def test_a_face_of_a_single_frame_stays_as_it_is(film: Film, stranger: bool) -> None:
    alone = film[MIDDLE][0]
    others = {n: [replace(faces[0], track=1)] for n, faces in film.items() if n != MIDDLE} if stranger else {}
    one = steadied(others | {MIDDLE: [alone]})[MIDDLE]
    assert np.array_equal(one.mask, alone.mask)
    assert one.seen is alone.seen
    assert one.colour is alone.measured.colour
    assert one.motion is None


def test_two_tracks_do_not_mix(film: Film, make: Callable[[Frame, list[Face]], list[Made]]) -> None:
    other = {
        n: [replace(one, track=1) for one in make(Frame(n, picture(50 + n)), [Face(points(150 - n), 1.0, 1)])]
        for n in film
    }
    both = {n: [*film[n], *other[n]] if n % 2 else [*other[n], *film[n]] for n in film}
    for track, alone in ((0, film), (1, other)):
        together, apart = steadied(both, track=track), steadied(alone, track=track)
        assert together.keys() == apart.keys()
        for number, one in together.items():
            assert all(np.array_equal(value, arrays(apart[number])[name]) for name, value in arrays(one).items())
            assert np.array_equal(one.motion, apart[number].motion)


def test_a_gap_and_an_end_are_not_averaged_over(film: Film) -> None:
    got = steadied({n: faces for n, faces in film.items() if n != 6})
    for number in (1, 5, 7, LAST):
        assert np.array_equal(got[number].mask, film[number][0].mask)
        assert got[number].seen is film[number][0].seen
    assert not np.array_equal(got[3].mask, film[3][0].mask)


def test_smoothing_can_be_switched_off(film: Film) -> None:
    off = Controls.make({"mask_smooth": "0"}, {})
    for number, one in steadied(film, off).items():
        assert np.array_equal(one.mask, film[number][0].mask)
        assert one.seen is film[number][0].seen


def test_without_a_mask_model_nothing_is_said_of_covers(film: Film) -> None:
    bare = {n: [replace(faces[0], seen=None)] for n, faces in film.items()}
    assert all(one.seen is None for one in steadied(bare).values())


def test_a_mask_that_shakes_on_a_picture_that_does_not_is_calmed(film: Film) -> None:
    still, random = film[MIDDLE][0], np.random.default_rng(4)
    rough = {n: [looked(still, random.uniform(0, 1, seen_of(still).probability.shape))] for n in film}

    def change(values: Mapping[int, np.ndarray]) -> float:
        return float(np.mean([np.abs(values[n + 1] - values[n]).mean() for n in range(3, LAST - 2)]))

    raw = change({n: seen_of(faces[0]).probability for n, faces in rough.items()})
    assert change({n: seen_of(one).probability for n, one in steadied(rough).items()}) < 0.4 * raw


def test_a_cover_of_a_single_frame_leaves_nothing_before_and_after(
    make: Callable[[Frame, list[Face]], list[Made]],
) -> None:
    """A hand that sweeps by covers what it covers and nothing else."""
    film = {n: make(Frame(n, picture(n, 150 if n == MIDDLE else None)), [Face(points(), 1.0, 0)]) for n in range(2, 9)}
    for number, one in steadied(film).items():
        raw, got = seen_of(film[number][0]).probability, seen_of(one).probability
        assert (raw < 0.5).any() == (number == MIDDLE)
        assert np.array_equal(raw > 0.5, got > 0.5)
        assert np.abs(raw - got).max() < 0.1
