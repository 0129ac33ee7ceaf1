"""From a plate of each film format through a whole swap into the edit: no step on the way holds less than the plate."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ml_backend.media.colour import HLG_2020, PlateColour, unit
from ml_backend.media.exr import read_exr
from ml_backend.media.source import open_source
from ml_backend.media.write import read_picture
from ml_backend.swapping import making
from ml_backend.swapping.blend import composite
from ml_backend.swapping.layer import flatten
from ml_backend.swapping.manifest import read_manifest

from .film_plates import (
    BRIGHTEST,
    FACE,
    FORMATS,
    NOISE,
    RAMP,
    Film,
    Floats,
    Pictures,
    actor,
    extended,
    lamp,
    lit,
    ramp,
    scene,
    to_light,
)

pytestmark = pytest.mark.slow

Swap = Callable[..., dict[str, Any]]
Where = NDArray[np.bool_]


@pytest.fixture(scope="module")
def people(footage: Path) -> list[tuple[Floats, tuple[float, float]]]:
    return actor(footage)


@pytest.fixture
def networks(monkeypatch: pytest.MonkeyPatch) -> list[Floats]:
    """What the network is given and what it makes of it, in a swap of this test."""
    seen: list[Floats] = []
    infer = making.infer

    def watched(network: Any, identity: str, device: Any, given: Floats, **more: Any) -> tuple[Floats, Floats]:
        made, mask = infer(network, identity, device, given, **more)
        seen.extend((given.copy(), made.copy()))
        return made, mask

    monkeypatch.setattr(making, "infer", watched)
    return seen


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_nothing_is_lost_on_the_way(
    form: Pictures | Film,
    swap: Swap,
    people: list[tuple[Floats, tuple[float, float]]],
    networks: list[Floats],
    tmp_path: Path,
) -> None:
    meant = scene(form, people)
    plate = form.write(tmp_path / "plate", meant)
    # the mask that the tiny model has learned would let the plate through everywhere
    result = swap(plate=str(plate), frames=None, colourspace=form.space, settings={"learned_mask": "false"})
    assert (result["frames"], result["faces"]) == (2, 2)
    source, manifest = open_source(plate, colourspace=form.space), read_manifest(tmp_path / "swap")
    assert (source.info.bit_depth > 8) == form.deep
    assert manifest.output == ("exr" if form.floating else "png16" if form.deep else "png8")
    assert manifest.colour == form.colour.name
    for frame, wanted, entry, (_, nose) in zip(source.frames(), meant, manifest.frames, people, strict=True):
        is_what_was_written(form, frame.stored, wanted)
        file = tmp_path / "swap" / entry.file
        if form.floating:
            channels = read_exr(file).channels
            layer = np.dstack([channels[name] for name in "RGBA"])
            shown = in_a_compositor(frame.stored, layer)
            agrees_with_the_sequencer(source.colour, frame.stored, layer, shown)
        else:
            pixels = read_picture(file)
            assert pixels.dtype == frame.stored.dtype
            layer = unit(pixels)
            shown = in_an_edit(frame.stored, pixels)
            assert np.abs(flatten(frame.stored, pixels).astype(int) - shown).max() <= 1
            outside = pixels[..., 3] == 0
            assert np.array_equal(flatten(frame.stored, pixels)[outside], frame.stored[outside])
        outside, inside = layer[..., 3] == 0, layer[..., 3] > 0.999
        assert not layer[RAMP].any()
        assert not layer[NOISE].any()
        assert outside[corners(~outside)].all(), "a face is no rectangle"
        assert np.array_equal(shown[outside], frame.stored[outside])
        assert inside[FACE].mean() > 0.9
        assert np.median(np.abs(display(source.colour, shown) - display(source.colour, frame.stored))[inside]) > 0.02
        if form.deep:
            is_deep_within(form, source.colour, frame.stored, shown, layer)
        if lamp(form):
            shines(form, source.colour, shown, lit(nose, 3), inside)
    if form.deep:
        assert len(networks) >= 4
        for picture in networks:
            assert grid(picture) < 0.1, "what the network is given and makes has no steps of 8 bit"


def corners(laid: Where) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The pixels in the corners of the rectangle that is laid over the plate, 10 pixels wide."""
    rows, columns = (np.flatnonzero(laid.any(axis)) for axis in (1, 0))
    near = np.arange(10)
    return np.ix_([*(rows[0] + near), *(rows[-1] - near)], [*(columns[0] + near), *(columns[-1] - near)])


def is_what_was_written(form: Pictures | Film, stored: NDArray[Any], wanted: NDArray[np.float64]) -> None:
    """As one who knows nothing of the backend would decode it."""
    if isinstance(form, Pictures):
        assert np.array_equal(stored, form.held(wanted))
        assert not form.floating or stored.max() == BRIGHTEST
        return
    off = unit(stored) - wanted * form.white
    assert np.abs(off[RAMP]).max() * 65535 <= form.loss
    assert len(np.unique(stored[RAMP][..., 1])) >= (form.codes or len(np.unique(ramp(form))))
    assert np.abs(off[FACE].mean((0, 1))).max() * 255 < 0.2, "another matrix or range would shift the skin's colours"


def in_an_edit(plate: NDArray[Any], layer: NDArray[Any]) -> NDArray[Any]:
    """A straight layer over the plate, both integers, in the plate's steps."""
    alpha = layer[..., 3:].astype(np.float64) / np.iinfo(layer.dtype).max
    over = plate + (layer[..., :3] - plate.astype(np.float64)) * alpha
    return np.rint(over).astype(plate.dtype)


def in_a_compositor(plate: Floats, layer: Floats) -> Floats:
    """A premultiplied layer over the plate, in linear light."""
    over: Floats = layer[..., :3] + plate * (1 - layer[..., 3:])
    return over


def agrees_with_the_sequencer(colour: PlateColour, plate: Floats, layer: Floats, shown: Floats) -> None:
    """Blender mixes values of sRGB: the same where the layer is clear or covers all, and near it between."""
    alpha = layer[..., 3]
    straight = np.divide(layer[..., :3], layer[..., 3:], where=alpha[..., None] > 0, out=np.zeros_like(plate))
    below, above = (extended(to_light(colour, picture)) for picture in (plate, straight))
    mixed = composite(below, above, alpha)
    off = np.abs(mixed - extended(to_light(colour, shown))) / np.maximum(1, np.abs(mixed))
    assert off[(alpha == 0) | (alpha == 1)].max() < 1e-4
    assert off.max() < 0.05


def display(colour: PlateColour, stored: NDArray[Any]) -> Floats:
    """Values in even steps for the eye: sRGB of light, the codes of integers."""
    return extended(to_light(colour, stored)) if stored.dtype == np.float32 else unit(stored)


def grid(values: NDArray[Any]) -> float:
    """1 where all values lie on the steps of 8 bit, or as far from them; near 0 where they lie anywhere."""
    return float(np.abs(np.exp(2j * np.pi * 255 * values.astype(np.float64)).mean()))


def trace(values: NDArray[Any], steps: NDArray[Any], where: Where) -> float:
    """How much of the error that 8 bits would make of `steps` is in `values`: 0.16 for all of it, and half for half."""
    fine = np.diff(values.astype(np.float64), 2, axis=1) * 255
    saw = np.diff(np.exp(2j * np.pi * 255 * steps.astype(np.float64)), 2, axis=1)
    there = where[:, 2:] & where[:, 1:-1] & where[:, :-2]
    return float(np.abs((fine * saw.conj())[there].sum()) / (np.abs(saw[there]) ** 2).sum())


def is_deep_within(
    form: Pictures | Film, colour: PlateColour, plate: NDArray[Any], shown: NDArray[Any], layer: Floats
) -> None:
    alpha = layer[..., 3]
    face, edge = alpha > 0.999, (alpha > 0.1) & (alpha < 0.9)
    assert face.sum() > 10_000
    assert edge.sum() > 2_000
    assert len(np.unique(alpha[edge])) > 512
    assert grid(alpha[edge]) < 0.1
    seen = display(colour, shown)
    for channel in range(3):
        # black and white, where the made face leaves what the plate can hold, lie on any steps
        inner = face if form.floating else face & (shown[..., channel] > 0) & (shown[..., channel] < 65535)
        values = shown[..., channel][inner]
        assert len(np.unique(values)) > 2_000, "more than 10 bit can hold"
        assert form.floating or (values % 257 != 0).mean() > 0.98
        assert grid(seen[..., channel][inner]) < 0.1
    for mixed, steps in domains(form, colour, shown, plate):
        traces = [trace((mixed - steps)[..., channel], steps[..., channel], edge) for channel in range(3)]
        assert np.mean(traces) < 0.03, "what lies under the soft edge had only 8 bits of the plate"


def domains(
    form: Pictures | Film, colour: PlateColour, *pictures: NDArray[Any]
) -> tuple[tuple[Floats, ...], tuple[Floats, ...]]:
    """The pictures as what might be rounded to 8 bit on the way: as they are shown, and by the plate's own values."""
    shown = tuple(extended(to_light(colour, unit(picture))) for picture in pictures)
    own = tuple(extended(picture) if form.floating else unit(picture) for picture in pictures)
    return shown, own


def shines(form: Pictures | Film, colour: PlateColour, shown: NDArray[Any], lamps: Where, inside: Where) -> None:
    """The lamp on the nose is on the made face too: its own light less the white that the made face stands for."""
    there = lamps & inside
    assert there.sum() > 20
    light = to_light(colour, unit(shown))[there]
    # HLG shows scene light by a power of 1.2, and what lies above white is added to the scene
    least = 0.6 * lamp(form) if colour.name == HLG_2020.name else lamp(form) - 1
    assert light.min() >= least
    assert light.max() <= lamp(form) + 0.5
