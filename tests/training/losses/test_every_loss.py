"""What all losses promise: nothing for equal pictures, gradients that are numbers, faces that count by themselves."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml_backend.networks.recogniser import Recogniser
from ml_backend.training.losses.frequency import focal_frequency
from ml_backend.training.losses.pixels import l1, l2, mask_loss
from ml_backend.training.losses.recognition import recognition_loss
from ml_backend.training.losses.structural import dssim, ms_ssim
from ml_backend.training.losses.style import background_style, face_style

Loss = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
NAMES = ["dssim", "ms_ssim", "l1", "l2", "frequency", "face_style", "background_style", "recognition"]
KINDS = ["noise", "black", "white", "grey", "steps"]
SIDE = 32


@pytest.fixture(scope="module")
def losses(recogniser: Recogniser) -> dict[str, Loss]:
    """Each as loss(made, real, weights)."""
    return {
        "dssim": dssim,
        "ms_ssim": ms_ssim,
        "l1": l1,
        "l2": l2,
        "frequency": focal_frequency,
        "face_style": face_style,
        "background_style": background_style,
        "recognition": lambda made, real, weights: recognition_loss(recogniser, made, real, weights),
    }


def picture(kind: str, seed: int, channels: int = 3) -> torch.Tensor:
    """1×C×32×32."""
    drawn = torch.rand(1, channels, SIDE, SIDE, generator=torch.Generator().manual_seed(seed))
    flat = {"black": 0.0, "white": 1.0, "grey": 0.5}
    if kind in flat:
        return torch.full_like(drawn, flat[kind])
    return drawn if kind == "noise" else (drawn > 0.5).float()


kinds = st.sampled_from(KINDS)


@pytest.mark.parametrize("name", NAMES)
@given(made=kinds, real=kinds, weights=kinds, seed=st.integers(0, 10_000))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_equal_pictures_cost_nothing_and_all_gradients_are_numbers(
    losses: dict[str, Loss], name: str, made: str, real: str, weights: str, seed: int
) -> None:
    target, places = picture(real, seed), picture(weights, seed + 1, 1)
    for face in (target.clone().requires_grad_(), picture(made, seed + 2).requires_grad_()):
        loss = losses[name](face, target, places)
        loss.backward()
        assert loss.item() > -1e-6
        assert loss.item() < 1e-5 or not torch.equal(face, target)
        assert face.grad is not None
        assert torch.isfinite(face.grad).all()


@pytest.mark.parametrize("name", NAMES)
def test_halves_average_to_the_whole(losses: dict[str, Loss], name: str) -> None:
    made, real = (torch.cat([picture("noise", seed + n) for n in range(4)]) for seed in (10, 20))
    weights = torch.cat([picture("noise", 30 + n, 1) for n in range(4)])
    weights[1], weights[2] = 0, weights[2] * 0.01  # an empty face and one of little weight
    whole = losses[name](made, real, weights)
    halves = [losses[name](made[k], real[k], weights[k]) for k in (slice(0, 2), slice(2, 4))]
    torch.testing.assert_close(whole, torch.stack(halves).mean())


@pytest.mark.parametrize("name", NAMES)
def test_a_face_without_weights_costs_nothing(losses: dict[str, Loss], name: str) -> None:
    weights = torch.full((1, 1, SIDE, SIDE), 1.0 if name == "background_style" else 0.0)
    assert abs(float(losses[name](picture("noise", 1), picture("noise", 2), weights))) < 1e-6


@pytest.mark.parametrize("name", NAMES)
def test_what_lies_far_off_the_weights_does_not_count(losses: dict[str, Loss], name: str) -> None:
    """A third of the picture has weights; a window may reach half its size beyond."""
    real, made, weights = picture("noise", 1), picture("noise", 2), torch.zeros(1, 1, SIDE, SIDE)
    weights[..., : SIDE // 3] = 1
    changed = made.clone()
    changed[..., -SIDE // 3 :] = picture("black", 0)[..., -SIDE // 3 :]
    if name == "background_style":
        weights = 1 - weights
    torch.testing.assert_close(losses[name](changed, real, weights), losses[name](made, real, weights))


@given(st.integers(0, 1000), st.sampled_from([0.0, 1.0]))
@settings(max_examples=15, deadline=None)
def test_masks_average_too_and_have_a_gradient(seed: int, flat: float) -> None:
    mask = torch.cat([picture("noise", seed, 1), torch.full((1, 1, SIDE, SIDE), flat)])
    logits = (torch.cat([picture("noise", seed + 1, 1), picture("steps", seed, 1)]) * 200 - 100).requires_grad_()
    whole = mask_loss(logits, mask)
    whole.backward()
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()
    torch.testing.assert_close(whole, (mask_loss(logits[:1], mask[:1]) + mask_loss(logits[1:], mask[1:])) / 2)
    assert abs(float(mask_loss(torch.logit(mask, 1e-6), mask))) < 1e-4
