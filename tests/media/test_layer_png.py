"""Layers that are empty outside a face are stored fast, and come back bit for bit."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_backend.media.layer_png import encode_layer
from ml_backend.media.picture_end import is_whole

kinds = pytest.mark.parametrize("kind", [np.uint8, np.uint16])


def decoded(data: bytes) -> np.ndarray:
    assert is_whole(data)
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)[:, :, [2, 1, 0, 3]]


@settings(deadline=None)
@given(data=st.data(), kind=st.sampled_from([np.uint8, np.uint16]))
def test_a_face_anywhere(data: st.DataObject, kind: type) -> None:
    height, width = data.draw(st.integers(1, 40)), data.draw(st.integers(1, 40))
    top, left = data.draw(st.integers(0, height)), data.draw(st.integers(0, width))
    bottom, right = data.draw(st.integers(top, height)), data.draw(st.integers(left, width))
    layer = np.zeros((height, width, 4), kind)
    noise = np.random.default_rng(0).integers(0, np.iinfo(kind).max + 1, (height, width, 4))
    layer[top:bottom, left:right] = noise[top:bottom, left:right]
    read = decoded(encode_layer(layer))
    assert read.dtype == kind
    assert np.array_equal(read, layer)


@kinds
def test_larger_than_the_pieces_of_zeros(kind: type) -> None:
    """Several whole pieces above and below, and the checksum over all of them."""
    layer = np.zeros((1200, 700, 4), kind)
    layer[560:640, 100:300] = np.random.default_rng(0).integers(0, 256, (80, 200, 4))
    data = encode_layer(layer)
    assert np.array_equal(decoded(data), layer)
    assert len(data) < 80 * 200 * 4 * layer.itemsize + 30000


@kinds
def test_colour_below_alpha_zero_is_kept(kind: type) -> None:
    layer = np.zeros((3, 3, 4), kind)
    layer[1, 1] = [1, 2, 3, 0]
    assert np.array_equal(decoded(encode_layer(layer)), layer)


@kinds
def test_nothing_at_all(kind: type) -> None:
    assert not decoded(encode_layer(np.zeros((2000, 1000, 4), kind))).any()


def test_a_view_of_another_array() -> None:
    image = np.random.default_rng(0).integers(0, 65536, (8, 9, 4), dtype=np.uint16)
    assert np.array_equal(decoded(encode_layer(image[::-1, ::2])), image[::-1, ::2])
