"""The U-Net: small, of any side, and the same for one picture as for many."""

import pytest
import torch

from ml_backend.networks.unet import MULTIPLE, UNet


def network() -> UNet:
    torch.manual_seed(1)
    return UNet().eval()


def test_it_is_small() -> None:
    assert sum(parameter.numel() for parameter in UNet().parameters()) == 768_876


@pytest.mark.parametrize("side", [64, 80, 128, 256])
@torch.inference_mode()
def test_every_pixel_gets_an_answer(side: int) -> None:
    logits = network()(torch.rand(2, 3, side, side))
    assert logits.shape == (2, 1, side, side)
    assert logits.isfinite().all()
    assert side % MULTIPLE == 0


@torch.inference_mode()
def test_an_answer_does_not_depend_on_the_neighbours_in_the_batch() -> None:
    pictures = torch.rand(3, 3, 64, 64)
    together = network()(pictures)
    for n in range(3):
        torch.testing.assert_close(network()(pictures[n : n + 1]), together[n : n + 1], rtol=1e-4, atol=1e-4)


@torch.inference_mode()
def test_it_sees_fine_detail_and_the_whole_picture() -> None:
    picture = torch.rand(1, 3, 128, 128, generator=torch.Generator().manual_seed(1))
    changed = picture.clone()
    changed[:, :, 60, 61] = 1 - changed[:, :, 60, 61]
    difference = (network()(changed) - network()(picture))[0, 0].abs()
    near, far = difference[58:63, 59:64], difference[:20, :20]
    assert near.mean() > 10 * far.mean(), "one pixel matters most where it is"
    assert far.min() > 0, "and a little everywhere"
    assert near.std() > 0.1 * near.mean(), "the answers of neighbours are not one and the same"


def test_every_weight_learns() -> None:
    net = network()
    net(torch.rand(2, 3, 64, 64)).square().mean().backward()
    dead = [name for name, parameter in net.named_parameters() if parameter.grad is None or not parameter.grad.any()]
    assert dead == []
