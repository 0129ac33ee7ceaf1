"""Losses of single pixels on values that are known."""

from collections.abc import Callable

import pytest
import torch

from ml_backend.training.losses import face_weights, weighted_mean
from ml_backend.training.losses.pixels import l1, l2, mask_loss

Pictures = Callable[..., torch.Tensor]


def test_the_weighted_mean_of_known_values() -> None:
    values = torch.tensor([[[[1.0, 2.0]], [[3.0, 6.0]]]])  # two channels, two pixels
    weights = torch.tensor([[[[1.0, 3.0]]]])
    torch.testing.assert_close(weighted_mean(values, weights), torch.tensor((1 + 6 + 3 + 18) / 8))
    assert float(weighted_mean(values, torch.zeros(1, 1, 1, 2))) == 0


def test_faces_count_the_same_however_large_their_weights() -> None:
    values = torch.tensor([1.0, 5.0, 7.0]).view(3, 1, 1, 1).expand(3, 1, 2, 2)
    weights = torch.zeros(3, 1, 2, 2)
    weights[0, 0, 0, 0] = 0.1
    weights[1] = 4.0  # the third face has none
    torch.testing.assert_close(weighted_mean(values, weights), torch.tensor((1 + 5 + 0) / 3))


def test_differences_of_known_size() -> None:
    made, real = torch.full((1, 3, 2, 2), 0.75), torch.full((1, 3, 2, 2), 0.25)
    made[0, :, 0, 0] = 0.0  # without a weight
    weights = torch.ones(1, 1, 2, 2)
    weights[0, 0, 0, 0] = 0
    torch.testing.assert_close(l1(made, real, weights), torch.tensor(0.5))
    torch.testing.assert_close(l2(made, real, weights), torch.tensor(0.25))


@pytest.mark.parametrize(
    ("mask", "features", "expected"), [(0.0, 0.0, 0.1), (1.0, 0.0, 1.0), (1.0, 1.0, 3.0), (0.5, 0.0, 0.55)]
)
def test_the_weights_of_places(mask: float, features: float, expected: float) -> None:
    weight = face_weights(torch.full((1, 1, 1, 1), mask), torch.full((1, 1, 1, 1), features), 0.1, 2.0)
    torch.testing.assert_close(weight, torch.full((1, 1, 1, 1), expected))


@pytest.mark.parametrize(
    ("made", "mask", "expected"),
    [(0.5, 1.0, 0.6931472), (0.25, 1.0, 1.3862944), (0.5, 0.5, 0.0), (0.25, 0.5, 0.1438410), (0.2, 0.0, 0.2231436)],
)
def test_masks_cost_how_far_they_are_from_the_face(made: float, mask: float, expected: float) -> None:
    """Kullback-Leibler divergences, such as ½·ln(½/¼) + ½·ln(½/¾)."""
    logits = torch.logit(torch.full((1, 1, 2, 2), made))
    torch.testing.assert_close(mask_loss(logits, torch.full((1, 1, 2, 2), mask)), torch.tensor(expected))
