"""The df family and what all families do alike: shapes, sizes, who uses which part, swaps, memory."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from torch import Tensor, nn

from ml_backend.networks.architecture import Architecture
from ml_backend.networks.autoencoder import Autoencoder
from ml_backend.networks.decoder import SubpixelHeads
from ml_backend.networks.df import DfAutoencoder
from ml_backend.networks.families import build_autoencoder

NAMES = ("anna", "b.o-b", "carl_3")
SMALL = {"resolution": 64, "encoder_channels": 4, "code": 16, "inter_channels": 16, "decoder_channels": 4}
TINY = SMALL | {"resolution": 32}


@st.composite
def architectures(draw: st.DrawFn) -> Architecture:
    subpixel, deep = draw(st.booleans()), draw(st.booleans())
    return Architecture(
        resolution=draw(st.sampled_from([64] if subpixel or deep else [32, 48])),
        subpixel=subpixel,
        subpixel_heads=subpixel and draw(st.booleans()),
        deep=deep,
        encoder_channels=draw(st.integers(4, 7)),
        code=draw(st.integers(16, 20)),
        inter_channels=draw(st.integers(16, 20)),
        decoder_channels=draw(st.integers(4, 7)),
        mask_channels=draw(st.integers(0, 5)),
        residuals=draw(st.booleans()),
        unit_code=draw(st.booleans()),
    )


def conv(size: int, channels_in: int, channels_out: int) -> int:
    return size * size * channels_in * channels_out + channels_out


def linear(size_in: int, size_out: int) -> int:
    return size_in * size_out + size_out


def expected_decoder(a: Architecture) -> int:
    d, m, i = a.decoder_channels, a.mask_channels, a.inter_channels
    stages = [(i, 4 * d), *([(4 * d, 4 * d)] if a.deep else []), (4 * d, 2 * d), (2 * d, d)]
    decoder = sum(conv(3, width, 4 * out) for width, out in stages)
    if a.residuals:
        decoder += sum(2 * conv(3, out, out) for _, out in stages)
    heads = conv(1, d, 1) + 3 * conv(3, d, 1)
    if a.subpixel_heads:
        decoder += 3 * heads
    else:
        decoder += conv(3, d, 12) if a.subpixel else conv(1, d, 3)
    if m:
        stages = [(i, 4 * m), *([(4 * m, 4 * m)] if a.deep else []), (4 * m, 2 * m), (2 * m, m)]
        if a.subpixel:
            stages.append((m, max(1, m // 2)))
        decoder += sum(conv(3, width, 4 * out) for width, out in stages) + conv(1, stages[-1][1], 1)
    elif a.subpixel_heads:
        decoder += heads
    else:
        decoder += conv(1, d, 4 if a.subpixel else 1)
    return decoder


def expected_parameters(a: Architecture, identities: int) -> int:
    e, i = a.encoder_channels, a.inter_channels
    widths_in, widths_out = [3, e, 2 * e, 4 * e], [e, 2 * e, 4 * e, 8 * e]
    encoder = sum(conv(5, *pair) for pair in zip(widths_in, widths_out, strict=True))
    if a.deep:
        encoder += conv(5, 8 * e, 8 * e) + 2 * conv(3, e, e) + 2 * conv(3, 8 * e, 8 * e)
    encoder += linear(8 * e * (a.resolution // (32 if a.deep else 16)) ** 2, a.code)
    inter = linear(a.code, i * (a.resolution // (32 if a.subpixel else 16)) ** 2) + (0 if a.deep else conv(3, i, 4 * i))
    return encoder + inter + identities * expected_decoder(a)


@given(architectures(), st.integers(2, 3))
@settings(max_examples=15, deadline=None)
def test_every_part_has_the_promised_shape_and_size(a: Architecture, identities: int) -> None:
    network = DfAutoencoder(a, NAMES[:identities])
    faces = torch.rand(2, 3, a.resolution, a.resolution)

    code, features = network.encode(faces)
    assert code.shape == (2, a.code)
    side = a.resolution // (32 if a.subpixel else 16) * (1 if a.deep else 2)
    assert features.shape == (2, a.inter_channels, side, side)
    face, mask = network.decode((code, features), NAMES[0])
    assert face.shape == faces.shape
    assert mask.shape == (2, 1, a.resolution, a.resolution)
    assert 0 <= face.min() <= face.max() <= 1
    assert sum(p.numel() for p in network.parameters()) == expected_parameters(a, identities)


@pytest.mark.parametrize("resolution", [16, 40, 100, 1040])
def test_impossible_resolutions_are_refused(resolution: int) -> None:
    with pytest.raises(ValidationError, match="resolution"):
        Architecture(resolution=resolution)


def test_the_parameters_of_what_people_train_keep_their_names() -> None:
    network = build_autoencoder(Architecture(**SMALL, subpixel=True), NAMES[:2])
    inside = [f"decoders.1.stages.{n}" for n in range(6)]
    assert {name.rsplit(".", 1)[0] for name in network.state_dict() if not name.startswith("decoders.0.")} == {
        *(f"encoder.{n}.0" for n in range(4)),
        "encoder.5",
        "inter.0",
        "inter.2.0",
        *(f"{name}.0" for name in inside[::2]),
        *(f"{name}.convolutions.{n}" for name in inside[1::2] for n in (0, 2)),
        "decoders.1.face",
        "decoders.1.mask",
    }


def test_each_of_four_heads_paints_its_own_pixel() -> None:
    heads = SubpixelHeads(5, 3)
    x = torch.rand(2, 5, 6, 6)
    made = nn.functional.pixel_shuffle(heads(x), 2)
    for place, head in enumerate(heads.heads):
        expected = nn.functional.conv2d(x, head.weight, head.bias, padding="same")
        torch.testing.assert_close(made[:, :, place // 2 :: 2, place % 2 :: 2], expected)


FAMILIES = {
    "df": Architecture(**TINY),
    "df with all": Architecture(**SMALL, mask_channels=4, subpixel=True, subpixel_heads=True, deep=True),
    "liae": Architecture(family="liae", **TINY),
    "progressive": Architecture(family="progressive", resolution=32, encoder_channels=4, code=16, decoder_channels=4),
}


@pytest.fixture(params=FAMILIES)
def three(request: pytest.FixtureRequest) -> Autoencoder:
    torch.manual_seed(5)
    return build_autoencoder(FAMILIES[request.param], NAMES)


def faces_of(network: Autoencoder, count: int) -> Tensor:
    return torch.rand(count, 3, network.side, network.side)


def test_three_identities_go_through_the_encoder_as_one_batch(three: Autoencoder) -> None:
    batches: list[int] = []
    three.encoder.register_forward_hook(lambda module, given, out: batches.append(len(given[0])))
    faces = {name: faces_of(three, count) for name, count in zip(NAMES, (1, 2, 3), strict=True)}

    made = three(faces)

    assert batches == [6]
    assert {key: len(rebuilt.face) for key, rebuilt in made.items()} == {
        ("anna", "anna"): 1,
        ("b.o-b", "b.o-b"): 2,
        ("carl_3", "carl_3"): 3,
    }
    for name, given_faces in faces.items():
        encoded = three.encode(given_faces)
        torch.testing.assert_close(tuple(made[name, name]), (*three.decode(encoded, name), encoded[0]))


def test_a_batch_may_hold_some_identities_in_any_order(three: Autoencoder) -> None:
    faces = {"carl_3": faces_of(three, 1), "anna": faces_of(three, 2)}
    key = ("anna", "anna")
    torch.testing.assert_close(three(faces)[key], three(dict(reversed(faces.items())))[key])


def test_asked_swaps_come_beside_the_rebuilt_faces(three: Autoencoder) -> None:
    faces = {"anna": faces_of(three, 1), "b.o-b": faces_of(three, 2)}
    swaps = [("b.o-b", "anna"), ("anna", "carl_3"), ("anna", "anna")]

    made = three(faces, swaps)

    assert list(made) == [("anna", "anna"), ("b.o-b", "b.o-b"), ("b.o-b", "anna"), ("anna", "carl_3")]
    for (source, out), rebuilt in made.items():
        face, mask = three.swap(faces[source], out)
        torch.testing.assert_close(rebuilt.face, face)
        torch.testing.assert_close(torch.sigmoid(rebuilt.mask), mask)
        torch.testing.assert_close(rebuilt.code, made[source, source].code)


@pytest.mark.parametrize("identity", NAMES)
@torch.no_grad()
def test_a_swap_uses_nothing_that_belongs_to_others(three: Autoencoder, identity: str) -> None:
    faces = faces_of(three, 2)
    before = three.swap(faces, identity)
    for name in NAMES:
        for module in three.own(name) if name != identity else ():
            for parameter in module.parameters():
                parameter.fill_(torch.nan)
    assert all(torch.equal(a, b) for a, b in zip(before, three.swap(faces, identity), strict=True))

    for module in three.likeness(identity):
        for parameter in module.parameters():
            nn.init.zeros_(parameter)
    assert not torch.equal(before[0], three.swap(faces, identity)[0])


def test_faces_teach_what_is_shared_and_their_own_part_only(three: Autoencoder) -> None:
    made = three({"b.o-b": faces_of(three, 2)})["b.o-b", "b.o-b"]
    (made.face.mean() + made.mask.square().mean()).backward()

    own = {name: [p for module in three.own(name) for p in module.parameters()] for name in NAMES}
    shared = list(three.shared_parameters())
    for taught in (own["b.o-b"], shared):
        gradients = [p.grad for p in taught if p.grad is not None]
        # ways in and out of smaller faces rest in a progressive network
        assert gradients if three.architecture.family == "progressive" else len(gradients) == len(taught)
        assert all(gradient.any() for gradient in gradients)
    assert all(p.grad is None for name in ("anna", "carl_3") for p in own[name])
    everything = sum(p.numel() for p in three.parameters())
    assert everything == sum(p.numel() for part in (*own.values(), shared) for p in part)


def test_a_swapped_mask_is_a_share_and_not_a_logit(three: Autoencoder) -> None:
    face, mask = three.swap(faces_of(three, 1), "anna")
    assert 0 <= mask.min() <= mask.max() <= 1
    assert 0 <= face.min() <= face.max() <= 1


def test_the_code_has_unit_mean_square_whatever_the_picture(three: Autoencoder) -> None:
    code = three.encode(faces_of(three, 3) * 0.1)[0]
    torch.testing.assert_close(code.square().mean(1), torch.ones(3), rtol=1e-3, atol=1e-3)


def test_checkpointing_gives_the_same_gradients_and_keeps_less(three: Autoencoder) -> None:
    faces = {name: faces_of(three, 2) for name in NAMES}
    gradients, kept = [], []
    for again in (False, True):
        three.gradient_checkpointing = again
        assert three.gradient_checkpointing is again
        three.zero_grad()
        sizes: list[int] = []

        def keep(x: Tensor, sizes: list[int] = sizes) -> Tensor:
            sizes.append(x.numel())
            return x

        with torch.autograd.graph.saved_tensors_hooks(keep, lambda x: x):
            made = three(faces, [("anna", "carl_3")])
        torch.stack([r.face.mean() + r.mask.square().mean() for r in made.values()]).sum().backward()
        gradients.append([p.grad.clone() for p in three.parameters() if p.grad is not None])
        kept.append(sum(sizes))
    assert all(torch.equal(a, b) for a, b in zip(*gradients, strict=True))
    assert kept[1] < kept[0]


@torch.no_grad()
def test_faces_and_masks_are_exact_where_the_network_is_not(three: Autoencoder) -> None:
    if three.architecture.family == "progressive":
        three.grow(24)
    with torch.autocast("cpu", torch.bfloat16):
        face, mask = three.decode(three.encode(faces_of(three, 1)), "anna")
    assert face.dtype == mask.dtype == torch.float32


def test_two_identities_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="anna, anna"):
        build_autoencoder(FAMILIES["df"], ["anna", "anna"])


def test_whatever_lies_channels_last_stays_so(three: Autoencoder) -> None:
    layout = torch.channels_last
    three.to(memory_format=layout)  # type: ignore[call-overload]
    faces = {"anna": faces_of(three, 2), "b.o-b": faces_of(three, 2)}
    plain = three(faces)
    made = three({name: x.contiguous(memory_format=layout) for name, x in faces.items()})
    torch.testing.assert_close(made, plain, rtol=1e-4, atol=1e-5)
    assert all(rebuilt.face.is_contiguous(memory_format=layout) for rebuilt in made.values())


def test_only_the_growing_family_works_at_another_side() -> None:
    network = build_autoencoder(FAMILIES["df"], NAMES)
    network.grow(32)
    assert network.side == 32
    with pytest.raises(ValueError, match="32 only"):
        network.grow(16)
