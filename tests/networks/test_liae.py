"""The liae family: what is painted from which inters."""

import pytest
import torch
from torch import Tensor

from ml_backend.networks.architecture import Architecture
from ml_backend.networks.liae import LiaeAutoencoder

NAMES = ("identity", "performer", "third")


@pytest.fixture
def network() -> LiaeAutoencoder:
    torch.manual_seed(3)
    return LiaeAutoencoder(
        Architecture(family="liae", resolution=32, encoder_channels=4, code=16, inter_channels=16, decoder_channels=4),
        NAMES,
    )


@torch.no_grad()
def test_every_identity_is_painted_from_its_inter_beside_the_shared_one(network: LiaeAutoencoder) -> None:
    faces = torch.rand(2, 3, 32, 32)
    features = network.encoder(faces)
    shared, second, third = (inter(features)[1] for inter in network.inters)

    def painted(left: Tensor) -> tuple[Tensor, Tensor]:
        face, mask = network.decoder(torch.cat([left, shared], 1))
        return face, torch.sigmoid(mask)

    for name, left in zip(NAMES, (shared, second, third), strict=True):
        torch.testing.assert_close(network.swap(faces, name), painted(left))


def test_the_first_identity_shares_its_inter(network: LiaeAutoencoder) -> None:
    assert network.own("identity") == []
    assert network.own("third") == [network.inters[2]]
    assert network.likeness("identity") == [network.inters[0]]


def test_everybody_teaches_the_shared_inter(network: LiaeAutoencoder) -> None:
    for name in NAMES:
        network.zero_grad()
        network({name: torch.rand(1, 3, 32, 32)})[name, name].face.mean().backward()
        taught = [inter.code[0].weight.grad is not None for inter in network.inters]
        assert taught == [True, name == "performer", name == "third"]


def test_the_code_is_that_of_the_shared_inter(network: LiaeAutoencoder) -> None:
    faces = torch.rand(2, 3, 32, 32)
    code = network({"third": faces})["third", "third"].code
    torch.testing.assert_close(code, network.inters[0].code(network.encoder(faces)))
