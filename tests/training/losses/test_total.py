"""The loss of rebuilt faces under a configuration's weights."""

from collections.abc import Callable

import pytest
import torch

from ml_backend.networks.recogniser import Recogniser
from ml_backend.training.config import LossWeights
from ml_backend.training.losses import dssim, face_weights
from ml_backend.training.losses.pixels import l1, mask_loss
from ml_backend.training.losses.total import reconstruction_loss

Pictures = Callable[..., torch.Tensor]
NOTHING = LossWeights(dssim=0, ms_ssim=0, l1=0, l2=0, mask=0)
ALL = LossWeights(ms_ssim=1, recognition=1, frequency=1)


@pytest.fixture
def made(pictures: Pictures) -> tuple[torch.Tensor, ...]:
    """Faces, mask logits, targets, masks, features."""
    return pictures(1), pictures(2)[:, :1] * 4 - 2, pictures(3), pictures(4)[:, :1], pictures(5)[:, :1]


def test_it_is_the_weighted_sum_of_its_parts(made: tuple[torch.Tensor, ...], recogniser: Recogniser) -> None:
    total, parts = reconstruction_loss(*made, ALL, recogniser)
    assert set(parts) == {"dssim", "ms_ssim", "l1", "l2", "mask", "recognition", "frequency"}
    torch.testing.assert_close(total, sum(getattr(ALL, name) * value for name, value in parts.items()))


def test_its_parts_are_the_losses_under_the_weights_of_places(made: tuple[torch.Tensor, ...]) -> None:
    face, logits, target, mask, features = made
    weights = LossWeights(dssim=2, l1=3, l2=0, mask=0.5, outside=0.2, eyes_and_mouth=4)
    places = face_weights(mask, features, 0.2, 4)
    expected = 2 * dssim(face, target, places) + 3 * l1(face, target, places) + 0.5 * mask_loss(logits, mask)
    torch.testing.assert_close(reconstruction_loss(*made, weights)[0], expected)


@pytest.mark.parametrize("name", ["dssim", "ms_ssim", "l1", "l2", "mask", "frequency", "recognition"])
def test_a_part_without_weight_is_left_out(made: tuple[torch.Tensor, ...], recogniser: Recogniser, name: str) -> None:
    _, parts = reconstruction_loss(*made, ALL.model_copy(update={name: 0.0}), recogniser)
    assert name not in parts
    total, alone = reconstruction_loss(*made, NOTHING.model_copy(update={name: 2.0}), recogniser)
    assert list(alone) == [name]
    torch.testing.assert_close(total, 2 * alone[name])


def test_perfect_faces_cost_nothing(made: tuple[torch.Tensor, ...], recogniser: Recogniser) -> None:
    _, _, target, mask, features = made
    total, _ = reconstruction_loss(target, torch.logit(mask, 1e-6), target, mask, features, ALL, recogniser)
    assert abs(float(total)) < 1e-4


def test_curves_hold_no_graph_and_the_total_has_one(made: tuple[torch.Tensor, ...]) -> None:
    face, logits, *others = made
    face.requires_grad_()
    total, parts = reconstruction_loss(face, logits, *others, LossWeights())
    assert total.requires_grad
    assert not any(value.requires_grad for value in parts.values())


def test_half_precision_is_lifted(made: tuple[torch.Tensor, ...]) -> None:
    face, logits, *others = made
    lifted, _ = reconstruction_loss(face.half(), logits.half(), *others, LossWeights())
    full, _ = reconstruction_loss(face, logits, *others, LossWeights())
    assert lifted.dtype == torch.float32
    torch.testing.assert_close(lifted, full, rtol=1e-2, atol=1e-3)


def test_likeness_needs_a_recogniser(made: tuple[torch.Tensor, ...]) -> None:
    with pytest.raises(ValueError, match="recogniser"):
        reconstruction_loss(*made, LossWeights(recognition=1))
