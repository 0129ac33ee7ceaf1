"""Footage with pixels that are not square, stretched and squeezed again."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_backend.faces.geometry import transform
from ml_backend.faces.repair import Landmarks, Move, placed
from ml_backend.media.frame import SourceInfo
from ml_backend.media.square_pixels import squeeze, stretch, to_square


@given(
    stored=st.integers(2, 40),
    wider=st.integers(0, 40),
    data=st.data(),
    axis=st.sampled_from([0, 1]),
    channels=st.sampled_from([None, 2, 4]),
)
def test_a_part_is_squeezed_as_the_whole_is(
    stored: int, wider: int, data: st.DataObject, axis: int, channels: int | None
) -> None:
    square = stored + wider
    first = data.draw(st.integers(0, square - 1))
    last = data.draw(st.integers(first + 1, square))
    shape = (square, 3) if axis == 0 else (3, square)
    part = (slice(first, last), slice(None)) if axis == 0 else (slice(None), slice(first, last))
    whole = np.zeros(shape if channels is None else (*shape, channels), np.float32)
    whole[part] = np.random.default_rng(0).random(whole[part].shape)
    size = (stored, 3) if axis == 1 else (3, stored)
    wanted = cv2.resize(whole, size, interpolation=cv2.INTER_AREA).reshape(*size[::-1], *whole.shape[2:])
    small, begin = squeeze(whole[part], first, square, stored, axis)
    there = [slice(None)] * small.ndim
    there[axis] = slice(begin, begin + small.shape[axis])
    np.testing.assert_allclose(wanted[tuple(there)], small, atol=1e-5)
    wanted[tuple(there)] = 0
    assert not wanted.any()


def test_an_edge_goes_on_where_that_is_asked_for() -> None:
    small, begin = squeeze(np.ones((2, 3), np.float32), 5, 20, 10, 1, edge=True)
    assert (begin, small.tolist()) == (2, [[1, 1], [1, 1]])
    small, _ = squeeze(np.ones((2, 3), np.float32), 5, 20, 10, 1)
    assert small.tolist() == [[0.5, 1], [0.5, 1]]


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_stretched_steps_stay_in_order(kind: type) -> None:
    steps = np.zeros((1, 8, 3), kind)
    steps[:, 4:] = 200
    wide = stretch(steps, (16, 1))
    assert wide.dtype == kind
    assert (wide[0, :4].max(), wide[0, 12:].min()) == (0, 200)
    if kind is np.float32:  # no dark rings beside a lamp
        assert wide.min() == 0
        assert wide.max() == 200


def test_what_an_artist_has_drawn_lies_where_it_is_seen() -> None:
    there = to_square(SourceInfo(Path("a.mov"), "movie", 200, 100, 1, 1, 1, None, 8, False, stored=(100, 100)))
    np.testing.assert_allclose(transform(np.array([[-0.5, -0.5], [99.5, 99.5]]), there), [[-0.5, -0.5], [199.5, 99.5]])
    move = placed(Move(source="a", frame=1, action="move", at=(10, 20), box=(0, 0, 20, 50), roll=45.0), there)
    assert (move.at, move.box) == ((20.5, 20), (0.5, 0, 40.5, 50))
    assert move.roll == pytest.approx(np.degrees(np.arctan(0.5)))
    points = placed(Landmarks(source="a", frame=1, action="landmarks", at=(1, 1), points={33: (2, 3)}), there)
    assert points.points == {33: (4.5, 3)}
