"""The opponent: its map of verdicts and what either side pays."""

import torch

from ml_backend.networks.discriminator import PatchDiscriminator, adversarial_loss, discriminator_loss


def test_a_verdict_for_every_eighth_pixel() -> None:
    assert PatchDiscriminator(8)(torch.rand(2, 3, 64, 48)).shape == (2, 1, 8, 6)


def test_known_losses() -> None:
    real, made = torch.tensor([2.0, 0.5]), torch.tensor([-3.0, 0.0])
    # hinges: real 0 and 0.5, made 0 and 1
    torch.testing.assert_close(discriminator_loss(real, made), torch.tensor(0.375))
    torch.testing.assert_close(adversarial_loss(made), torch.tensor(1.5))


def test_the_norms_of_its_layers_come_to_one() -> None:
    torch.manual_seed(2)
    network = PatchDiscriminator(8)
    for _ in range(50):
        network(torch.rand(1, 3, 16, 16))
    weight = network[2].weight.detach()
    assert abs(float(torch.linalg.matrix_norm(weight.flatten(1), 2)) - 1) < 0.05
