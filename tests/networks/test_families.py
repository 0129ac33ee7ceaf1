"""Which networks there are, how large they are, and how identities are added."""

import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from torch import nn

from ml_backend.networks.architecture import Architecture
from ml_backend.networks.autoencoder import Autoencoder
from ml_backend.networks.counts import count_parameters
from ml_backend.networks.families import add_identities, build_autoencoder, check_architecture

NAMES = ("a", "b")
SMALL = {"encoder_channels": 4, "code": 16, "inter_channels": 16, "decoder_channels": 4}
SAEHD = {"code": 256, "encoder_channels": 64, "decoder_channels": 128, "mask_channels": 44}
UD = SAEHD | {"subpixel": True, "subpixel_heads": True}


def on_paper(a: Architecture) -> Autoencoder:
    with torch.device("meta"):
        return build_autoencoder(a, NAMES)


@pytest.mark.parametrize(
    ("architecture", "count", "published"),
    [
        ({"resolution": 128, "inter_channels": 256} | UD, 54_470_998, 54.5),
        ({"resolution": 256, "inter_channels": 256} | UD, 82_794_838, 82.8),
        ({"family": "liae", "resolution": 128, "inter_channels": 512} | UD, 82_376_555, 82.4),
        ({"family": "liae", "resolution": 256, "inter_channels": 512} | UD, 145_340_267, 145),
        # 82 062 470 of theirs, and a mask's 5×5 convolution for each of two identities
        ({"family": "classic", "resolution": 64}, 82_062_470 + 2 * (64 * 25 + 1), 82),
    ],
)
def test_the_networks_that_artists_know_have_their_known_sizes(
    architecture: dict[str, object], count: int, published: float
) -> None:
    counts = count_parameters(on_paper(Architecture.model_validate(architecture)))
    total = counts.pop("total")
    assert total == count == sum(counts.values())
    assert round(total / 1e6, 0 if published == int(published) else 1) == published


def test_the_classic_network_has_the_shapes_of_2017() -> None:
    network = on_paper(Architecture(family="classic", resolution=64))
    shapes = [
        tuple(m.weight.shape)
        for part in (network.encoder, network.inter, network.decoders[0])
        for m in part.modules()
        if isinstance(m, nn.Conv2d | nn.Linear)
    ]
    assert shapes == [
        (128, 3, 5, 5),
        (256, 128, 5, 5),
        (512, 256, 5, 5),
        (1024, 512, 5, 5),
        (1024, 16384),
        (16384, 1024),
        (2048, 1024, 3, 3),
        (1024, 512, 3, 3),
        (512, 256, 3, 3),
        (256, 128, 3, 3),
        (3, 64, 5, 5),
        (1, 64, 5, 5),
    ]
    faces = torch.rand(2, 3, 64, 64, device="meta")
    made = network({"a": faces, "b": faces}, [("b", "a")])
    assert {tuple(r.face.shape) for r in made.values()} == {(2, 3, 64, 64)}
    assert {tuple(r.mask.shape) for r in made.values()} == {(2, 1, 64, 64)}
    assert {tuple(r.code.shape) for r in made.values()} == {(2, 1024)}


def refusal_of(a: Architecture) -> str:
    try:
        check_architecture(a)
    except ValueError as error:
        return str(error)
    return ""


@given(
    st.fixed_dictionaries(
        {
            "family": st.sampled_from(["df", "liae", "classic", "progressive"]),
            "resolution": st.sampled_from([32, 48, 64, 96, 128, 192, 256, 1024]),
            "encoder_channels": st.integers(4, 8),
            "code": st.integers(16, 20),
            "decoder_channels": st.integers(4, 8),
        },
        optional={
            "inter_channels": st.integers(16, 20),
            "mask_channels": st.integers(0, 4),
            "residuals": st.booleans(),
            "unit_code": st.booleans(),
            "subpixel": st.booleans(),
            "subpixel_heads": st.booleans(),
            "deep": st.booleans(),
        },
    )
)
@settings(max_examples=40, deadline=None)
def test_every_architecture_works_or_is_refused_with_a_reason(values: dict[str, object]) -> None:
    try:
        a = Architecture.model_validate(values)
    except ValidationError:
        return
    if reason := refusal_of(a):
        with pytest.raises(ValueError, match=re.escape(reason)):
            on_paper(a)
        return
    network = on_paper(a)
    faces = {name: torch.rand(1, 3, a.resolution, a.resolution, device="meta") for name in NAMES}
    for face, mask, code in network(faces, [("a", "b")]).values():
        assert face.shape == (1, 3, a.resolution, a.resolution)
        assert mask.shape == (1, 1, a.resolution, a.resolution)
        assert code.shape == (1, a.code)
        assert face.dtype == mask.dtype == torch.float32


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"family": "classic", "resolution": 128}, "resolution=64 only"),
        ({"family": "classic", "resolution": 64, "code": 512}, "no code to choose: leave it at 256"),
        ({"family": "progressive", "resolution": 192}, "power of two"),
        ({"family": "progressive", "subpixel": True}, "no subpixel to choose: leave it at False"),
    ],
)
def test_what_a_family_cannot_be_is_said(values: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        check_architecture(Architecture.model_validate(values))


FAMILIES = {
    "df": Architecture(resolution=32, mask_channels=4, **SMALL),
    "liae": Architecture(family="liae", resolution=32, **SMALL),
    "progressive": Architecture(family="progressive", resolution=32, encoder_channels=4, code=16, decoder_channels=4),
}


@pytest.fixture(params=FAMILIES)
def network(request: pytest.FixtureRequest) -> Autoencoder:
    torch.manual_seed(6)
    return build_autoencoder(FAMILIES[request.param], NAMES)


@pytest.mark.parametrize("like", [None, "a", "b"])
@torch.no_grad()
def test_new_identities_change_nothing_for_the_old(network: Autoencoder, like: str | None) -> None:
    faces = {name: torch.rand(2, 3, 32, 32) for name in NAMES}
    swaps = [("a", "b"), ("b", "a")]
    before = network(faces, swaps)

    grown = add_identities(network, ["c", "d"], like)

    assert grown.identities == ("a", "b", "c", "d")
    after = grown(faces, swaps)
    assert all(torch.equal(x, y) for key in before for x, y in zip(before[key], after[key], strict=True))
    if like:
        assert all(
            torch.equal(x, y) for x, y in zip(grown.swap(faces["a"], "c"), grown.swap(faces["a"], like), strict=True)
        )
    for parameter in grown.parameters():
        assert parameter.requires_grad
        parameter.zero_()
    again = network(faces, swaps)
    assert all(torch.equal(before[key].face, again[key].face) for key in again), "nothing is shared with the old one"


def test_without_a_model_new_parts_are_the_mean_of_the_others() -> None:
    network = build_autoencoder(FAMILIES["df"], NAMES)
    grown = add_identities(network, ["c"])
    first, second, new = (decoder.face.weight for decoder in grown.decoders)
    torch.testing.assert_close(new, (first + second) / 2)


def test_a_grown_network_keeps_its_settings(network: Autoencoder) -> None:
    network.gradient_checkpointing = True
    grown = add_identities(network.eval(), ["c"])
    assert grown.gradient_checkpointing
    assert not grown.training
    assert all(module.training for module in add_identities(network.train(), ["c"]).modules())
    network.bfloat16()
    assert {p.dtype for p in add_identities(network, ["c"]).parameters()} == {torch.bfloat16}


@pytest.mark.parametrize(("names", "like", "reason"), [(["b"], None, "differ"), (["c"], "x", "x is none")])
def test_impossible_additions_are_refused(
    network: Autoencoder, names: list[str], like: str | None, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        add_identities(network, names, like)
