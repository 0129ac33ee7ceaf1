"""The progressive family: sides, fading, and what rests."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from ml_backend.networks.architecture import Architecture
from ml_backend.networks.progressive import ProgressiveAutoencoder, level_widths

NAMES = ("a", "b")


def build(resolution: int = 64) -> ProgressiveAutoencoder:
    torch.manual_seed(4)
    return ProgressiveAutoencoder(
        Architecture(family="progressive", resolution=resolution, encoder_channels=4, code=16, decoder_channels=5),
        NAMES,
    )


def test_channels_go_from_512_at_the_inside_to_16_at_1024() -> None:
    a = Architecture(family="progressive", resolution=1024, encoder_channels=16, code=512)
    assert level_widths(a, 16) == [512, 512, 512, 512, 256, 128, 64, 32, 16]


@pytest.mark.parametrize(
    ("asked", "side"), [(4, 4), (4.1, 8), (8, 8), (16, 16), (17, 32), (31.9, 32), (32, 32), (45, 64), (64, 64)]
)
def test_it_works_at_every_side(asked: float, side: int) -> None:
    network = build()
    network.grow(asked)
    assert network.side == side
    made = network({name: torch.rand(2, 3, side, side) for name in NAMES}, [("a", "b")])
    for rebuilt in made.values():
        assert rebuilt.face.shape == (2, 3, side, side)
        assert rebuilt.mask.shape == (2, 1, side, side)
        assert rebuilt.code.shape == (2, 16)
        assert 0 <= rebuilt.face.min() <= rebuilt.face.max() <= 1


@pytest.mark.parametrize("side", [0, 3.9, 64.1, 128])
def test_sides_out_of_range_are_refused(side: float) -> None:
    with pytest.raises(ValueError, match="between 4 and 64"):
        build().grow(side)


def test_faces_of_another_side_are_refused() -> None:
    network = build()
    network.grow(16)
    with pytest.raises(ValueError, match=r"side 64.* at 16 now"):
        network.swap(torch.rand(1, 3, 64, 64), "a")


@given(st.sampled_from([4, 8, 16, 32]), st.integers(0, 99))
@settings(max_examples=10, deadline=None)
@torch.no_grad()
def test_a_new_level_begins_without_a_word(side: int, seed: int) -> None:
    network = build()
    faces = torch.rand(1, 3, 2 * side, 2 * side, generator=torch.Generator().manual_seed(seed))
    network.grow(side)
    face, mask = network.swap(nn.functional.avg_pool2d(faces, 2), "b")

    network.grow(side * 1.0000001)

    assert network.side == 2 * side
    grown_face, grown_mask = network.swap(faces, "b")
    for small, large in ((face, grown_face), (mask, grown_mask)):
        torch.testing.assert_close(nn.functional.interpolate(small, scale_factor=2), large, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_a_level_that_comes_in_ends_where_it_stands_alone() -> None:
    network = build()
    faces = torch.rand(1, 3, 32, 32)
    network.grow(31.999998)
    almost = network.swap(faces, "a")
    network.grow(32)
    torch.testing.assert_close(network.swap(faces, "a"), almost, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_half_way_in_the_logarithm_both_ways_count_alike() -> None:
    network = build()
    faces = torch.rand(1, 3, 32, 32)
    network.grow(16 * 2**0.5)
    decoder, code = network.decoders[0], network.encode(faces)[0]
    inside = decoder.levels.run(decoder.first(code), slice(2))
    past = nn.functional.interpolate(decoder.to_rgb_and_mask[2](inside), scale_factor=2)
    through = decoder.to_rgb_and_mask[3](decoder.levels[2](inside))
    face, _ = network.decode((code,), "a")
    torch.testing.assert_close(face, torch.sigmoid((past + through)[:, :3] / 2))


def test_levels_that_are_not_in_use_rest() -> None:
    network = build()
    for side, faces_side in ((16, 16), (24, 32)):
        network.zero_grad()
        network.grow(side)
        made = network({name: torch.rand(1, 3, faces_side, faces_side) for name in NAMES})
        torch.stack([r.face.mean() + r.mask.mean() for r in made.values()]).sum().backward()
        fading = side != faces_side
        # sides 4, 8, 16, 32, 64
        ways = [False, False, True, fading, False]
        assert [way[0].weight.grad is not None for way in network.encoder.from_rgb] == ways
        # 64 to 32, 32 to 16, 16 to 8, 8 to 4
        assert [level[0][0].weight.grad is not None for level in network.encoder.levels] == [False, fading, True, True]
        for decoder in network.decoders:
            assert [way.weight.grad is not None for way in decoder.to_rgb_and_mask] == ways
            assert [level[1][0].weight.grad is not None for level in decoder.levels] == [True, True, fading, False]


def test_the_side_is_no_part_of_the_weights() -> None:
    network, other = build(), build()
    network.grow(4)
    other.load_state_dict(network.state_dict())
    assert other.side == 64
    assert network.state_dict().keys() == other.state_dict().keys()
