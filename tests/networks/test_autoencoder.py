"""The df family: shapes, sizes, and who uses which decoder."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from torch import nn

from ml_backend.networks.autoencoder import Architecture, Autoencoder

NAMES = ("anna", "b.o-b", "carl_3")


@st.composite
def architectures(draw: st.DrawFn) -> Architecture:
    subpixel = draw(st.booleans())
    return Architecture(
        resolution=draw(st.sampled_from([32, 64] if subpixel else [32, 48, 64])),
        subpixel=subpixel,
        encoder_channels=draw(st.integers(4, 7)),
        code=draw(st.integers(16, 20)),
        inter_channels=draw(st.integers(16, 20)),
        decoder_channels=draw(st.integers(4, 7)),
        residuals=draw(st.booleans()),
        unit_code=draw(st.booleans()),
    )


def conv(size: int, channels_in: int, channels_out: int) -> int:
    return size * size * channels_in * channels_out + channels_out


def linear(size_in: int, size_out: int) -> int:
    return size_in * size_out + size_out


def expected_parameters(a: Architecture, identities: int) -> int:
    e, d, i, side = a.encoder_channels, a.decoder_channels, a.inter_channels, a.resolution // 16
    widths_in, widths_out = [3, e, 2 * e, 4 * e], [e, 2 * e, 4 * e, 8 * e]
    encoder = sum(conv(5, *pair) for pair in zip(widths_in, widths_out, strict=True))
    encoder += linear(8 * e * side * side, a.code)
    inter = linear(a.code, i * a.code_side**2) + conv(3, i, 4 * i)
    decoder = conv(3, i, 16 * d) + conv(3, 4 * d, 8 * d) + conv(3, 2 * d, 4 * d)
    decoder += conv(3, d, 12) + conv(1, d, 4) if a.subpixel else conv(1, d, 3) + conv(1, d, 1)
    if a.residuals:
        decoder += sum(2 * conv(3, width, width) for width in (4 * d, 2 * d, d))
    return encoder + inter + identities * decoder


@given(architectures(), st.integers(2, 3))
@settings(max_examples=25, deadline=None)
def test_every_part_has_the_promised_shape_and_size(a: Architecture, identities: int) -> None:
    network = Autoencoder(a, NAMES[:identities])
    faces = torch.rand(2, 3, a.resolution, a.resolution)

    code = network.encoder(faces)
    assert code.shape == (2, a.code)
    features = network.inter(code)
    assert features.shape == (2, a.inter_channels, 2 * a.code_side, 2 * a.code_side)
    face, mask = network.decode(features, NAMES[0])
    assert face.shape == faces.shape
    assert mask.shape == (2, 1, a.resolution, a.resolution)
    assert 0 <= face.min() <= face.max() <= 1
    assert sum(p.numel() for p in network.parameters()) == expected_parameters(a, identities)


@pytest.mark.parametrize("resolution", [16, 40, 100, 656])
def test_impossible_resolutions_are_refused(resolution: int) -> None:
    with pytest.raises(ValidationError, match="resolution"):
        Architecture(resolution=resolution)


@pytest.fixture
def three() -> Autoencoder:
    torch.manual_seed(5)
    return Autoencoder(
        Architecture(resolution=32, encoder_channels=4, code=16, inter_channels=16, decoder_channels=4), NAMES
    )


def test_three_identities_go_through_the_encoder_as_one_batch(three: Autoencoder) -> None:
    batches: list[int] = []
    three.encoder.register_forward_hook(lambda module, given, out: batches.append(len(given[0])))
    faces = {name: torch.rand(count, 3, 32, 32) for name, count in zip(NAMES, (1, 2, 3), strict=True)}

    made = three(faces)

    assert batches == [6]
    assert {name: len(face) for name, (face, _) in made.items()} == {"anna": 1, "b.o-b": 2, "carl_3": 3}
    for name, given_faces in faces.items():
        face, mask = three.decode(three.inter(three.encoder(given_faces)), name)
        torch.testing.assert_close(made[name], (face, mask))


def test_a_batch_may_hold_some_identities_in_any_order(three: Autoencoder) -> None:
    faces = {"carl_3": torch.rand(1, 3, 32, 32), "anna": torch.rand(2, 3, 32, 32)}
    torch.testing.assert_close(three(faces)["anna"], three(dict(reversed(faces.items())))["anna"])


@pytest.mark.parametrize("identity", NAMES)
@torch.no_grad()
def test_a_swap_uses_the_decoder_of_its_identity_only(three: Autoencoder, identity: str) -> None:
    faces = torch.rand(2, 3, 32, 32)
    before = three.swap(faces, identity)
    for name, decoder in zip(NAMES, three.decoders, strict=True):
        if name != identity:
            for parameter in decoder.parameters():
                parameter.fill_(torch.nan)
    assert all(torch.equal(a, b) for a, b in zip(before, three.swap(faces, identity), strict=True))

    for parameter in three.decoders[NAMES.index(identity)].parameters():
        nn.init.zeros_(parameter)
    assert not torch.equal(before[0], three.swap(faces, identity)[0])


def test_a_swapped_mask_is_a_share_and_not_a_logit(three: Autoencoder) -> None:
    _, mask = three.swap(torch.rand(1, 3, 32, 32), "anna")
    assert 0 <= mask.min() <= mask.max() <= 1


def test_the_code_has_unit_mean_square_whatever_the_picture(three: Autoencoder) -> None:
    code = three.encoder(torch.rand(3, 3, 32, 32) * 0.1)
    torch.testing.assert_close(code.square().mean(1), torch.ones(3), rtol=1e-4, atol=1e-4)
