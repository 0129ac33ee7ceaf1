"""The building blocks that have more to them than their layers."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from ml_backend.networks.blocks import Shuffle, Stages, shuffle_channels_last

SIZES = st.integers(1, 5)


@given(SIZES, SIZES, SIZES, SIZES)
@settings(max_examples=30, deadline=None)
def test_shuffling_is_the_same_however_the_picture_lies(n: int, channels: int, height: int, width: int) -> None:
    x = torch.rand(n, 4 * channels, height, width)
    expected = nn.functional.pixel_shuffle(x, 2)
    assert torch.equal(Shuffle()(x), expected)
    last = x.contiguous(memory_format=torch.channels_last)
    assert torch.equal(Shuffle()(last), expected)
    shuffled = shuffle_channels_last(last)
    assert torch.equal(shuffled, expected)
    # of a single pixel nobody can tell how it lies
    assert height * width == 1 or shuffled.is_contiguous(memory_format=torch.channels_last)


def test_some_of_the_stages_after_the_others_are_all() -> None:
    stages = Stages(nn.Linear(3, 3), nn.Sequential(nn.Linear(3, 3), nn.ReLU()), nn.Linear(3, 2))
    x = torch.rand(4, 3)
    assert torch.equal(stages.run(stages.run(x, slice(2)), slice(2, None)), stages(x))
