"""Compositing: where nothing was made, the plate stays as it is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_backend.swapping.blend import composite, from_unit, to_unit
from ml_backend.swapping.layer import flatten

SHAPES = st.tuples(st.integers(1, 40), st.integers(1, 40))


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_every_stored_value_survives_the_way_to_0_to_1_and_back(kind: type) -> None:
    values = np.arange(np.iinfo(kind).max + 1).astype(kind).reshape(-1, 16, 1)
    assert np.array_equal(from_unit(to_unit(values), values), values)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_an_empty_layer_leaves_the_plate_bit_for_bit(kind: type) -> None:
    full = np.iinfo(kind).max
    every = np.arange(full + 1).astype(kind).reshape(-1, 64)
    plate = np.dstack([every, every[::-1], np.roll(every, 7)])
    layer = np.dstack([np.full_like(plate, full), np.zeros_like(every)])
    assert np.array_equal(flatten(plate, layer), plate)


@given(st.sampled_from([np.uint8, np.uint16]), SHAPES, st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_only_what_is_covered_changes(kind: type, shape: tuple[int, int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    full = np.iinfo(kind).max
    plate = rng.integers(0, full + 1, (*shape, 3), kind)
    layer = rng.integers(0, full + 1, (*shape, 4), kind)
    layer[..., 3] = rng.choice([0, full], shape)
    over = flatten(plate, layer)
    assert over.dtype == kind
    assert np.array_equal(over, np.where(layer[..., 3:] == 0, plate, layer[..., :3]))


def test_a_half_covered_pixel_is_half_way() -> None:
    one = np.ones((1, 1, 3), np.float32)
    np.testing.assert_allclose(composite(0.2 * one, 0.6 * one, np.full((1, 1), 0.5, np.float32)), 0.4 * one)
