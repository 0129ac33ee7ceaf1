"""The optimizers against their papers' formulas, and steps in which weights rest."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from ml_backend.training.optimizers.named import OptimizerName, make_optimizer, step_with_rest

NAMES: tuple[OptimizerName, ...] = ("adamw", "adabelief", "lion")
BETAS, RATE, DECAY = (0.8, 0.95), 0.01, 0.1
Rule = Callable[[np.ndarray, np.ndarray, dict[str, Any], int], np.ndarray]


def adamw(w: np.ndarray, g: np.ndarray, s: dict[str, Any], t: int) -> np.ndarray:
    b1, b2 = BETAS
    s["m"], s["v"] = b1 * s["m"] + (1 - b1) * g, b2 * s["v"] + (1 - b2) * g**2
    step = (s["m"] / (1 - b1**t)) / (np.sqrt(s["v"] / (1 - b2**t)) + 1e-8)
    return w - RATE * DECAY * w - RATE * step


def adabelief(w: np.ndarray, g: np.ndarray, s: dict[str, Any], t: int) -> np.ndarray:
    b1, b2 = BETAS
    s["m"] = b1 * s["m"] + (1 - b1) * g
    s["v"] = b2 * s["v"] + (1 - b2) * (g - s["m"]) ** 2 + 1e-16
    step = (s["m"] / (1 - b1**t)) / (np.sqrt(s["v"] / (1 - b2**t)) + 1e-16)
    return w - RATE * DECAY * w - RATE * step


def lion(w: np.ndarray, g: np.ndarray, s: dict[str, Any], t: int) -> np.ndarray:
    b1, b2 = BETAS
    step = np.sign(b1 * s["m"] + (1 - b1) * g)
    s["m"] = b2 * s["m"] + (1 - b2) * g
    return w - RATE * DECAY * w - RATE * step


@pytest.mark.parametrize(("name", "rule"), [("adamw", adamw), ("adabelief", adabelief), ("lion", lion)])
def test_twenty_steps_are_those_of_the_paper(name: OptimizerName, rule: Rule) -> None:
    rng = np.random.default_rng(3)
    start, gradients = rng.normal(size=(3, 4)), rng.normal(size=(20, 3, 4))
    weight = nn.Parameter(torch.tensor(start, dtype=torch.float32))
    optimizer = make_optimizer([{"params": [weight], "lr": RATE}], name, DECAY, BETAS)
    expected, state = start, {"m": np.zeros_like(start), "v": np.zeros_like(start)}
    for t, gradient in enumerate(gradients, 1):
        weight.grad = torch.tensor(gradient, dtype=torch.float32)
        optimizer.step()
        expected = rule(expected, gradient, state, t)
        np.testing.assert_allclose(weight.detach().numpy(), expected, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("name", NAMES)
def test_a_quadratic_is_minimised(name: OptimizerName) -> None:
    target = torch.linspace(-1, 1, 8)
    weight = nn.Parameter(torch.zeros(8))
    optimizer = make_optimizer([{"params": [weight]}], name)
    for number in range(500):
        for group in optimizer.param_groups:
            group["lr"] = 0.02 * (1 - number / 500)
        optimizer.zero_grad()
        ((weight - target) * torch.linspace(0.5, 3, 8)).square().sum().backward()
        optimizer.step()
    assert (weight - target).abs().max() < 0.01


def network() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 4, 3)).to(memory_format=torch.channels_last)


def learn(net: nn.Module, optimizer: torch.optim.Optimizer, numbers: range, part: float = 0.0) -> None:
    for number in numbers:
        optimizer.zero_grad()
        net(torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(number))).square().mean().backward()
        if part:
            step_with_rest(optimizer, part, torch.Generator().manual_seed((7 << 32) + number))
        else:
            optimizer.step()


@pytest.mark.parametrize("part", [0.0, 0.7])
@pytest.mark.parametrize("name", NAMES)
def test_going_on_from_stored_moments_is_exact(name: OptimizerName, part: float) -> None:
    whole = network()
    optimizer = make_optimizer([{"params": list(whole.parameters()), "factor": 0.5}], name, DECAY)
    learn(whole, optimizer, range(4), part)
    half = copy.deepcopy(whole)
    again = make_optimizer([{"params": list(half.parameters()), "factor": 0.5}], name, DECAY)
    for mine, other in zip(half.parameters(), whole.parameters(), strict=True):
        again.state[mine] = {key: value.clone() for key, value in optimizer.state[other].items()}
    learn(whole, optimizer, range(4, 8), part)
    learn(half, again, range(4, 8), part)
    assert all(torch.equal(a, b) for a, b in zip(whole.parameters(), half.parameters(), strict=True))
    assert again.param_groups[0]["factor"] == 0.5


@pytest.mark.parametrize(
    ("name", "keys"),
    [("adamw", {"step", "exp_avg", "exp_avg_sq"}), ("adabelief", {"step", "exp_avg", "exp_avg_var"}),
     ("lion", {"exp_avg"})],
)  # fmt: skip
def test_what_is_remembered_has_stable_names_and_the_parameters_layout(name: OptimizerName, keys: set[str]) -> None:
    net = network()
    optimizer = make_optimizer([{"params": list(net.parameters())}], name)
    learn(net, optimizer, range(1))
    for parameter in net.parameters():
        state = optimizer.state[parameter]
        assert set(state) == keys
        for key, value in state.items():
            assert value.ndim == 0 if key == "step" else value.stride() == parameter.stride()


@pytest.mark.parametrize("name", NAMES)
def test_it_works_without_memory(name: OptimizerName) -> None:
    weight = nn.Parameter(torch.zeros(4, 3, 3, 3, device="meta"))
    weight.grad = torch.zeros_like(weight)
    without = nn.Parameter(torch.zeros(2, device="meta"))
    optimizer = make_optimizer([{"params": [weight, without]}], name)
    optimizer.step()
    assert optimizer.state[weight]["exp_avg"].device.type == "meta"
    assert without not in optimizer.state


@pytest.mark.parametrize("name", NAMES)
def test_a_part_of_the_weights_rests(name: OptimizerName) -> None:
    weight = nn.Parameter(torch.ones(100, 200))
    optimizer = make_optimizer([{"params": [weight], "lr": 0.1}], name, DECAY)
    still = torch.ones(100, 200, dtype=torch.bool)
    for number in range(3):
        before = weight.detach().clone()
        weight.grad = torch.randn(100, 200, generator=torch.Generator().manual_seed(number))
        step_with_rest(optimizer, 0.7, torch.Generator().manual_seed(number))
        resting = weight.detach() == before
        assert abs(resting.float().mean() - 0.7) < 0.02
        still &= resting
    assert abs(still.float().mean() - 0.7**3) < 0.02  # others rest in every step


def test_the_same_weights_rest_in_any_layout() -> None:
    changed = []
    for layout in (torch.contiguous_format, torch.channels_last):
        weight = nn.Parameter(torch.ones(8, 4, 3, 3).contiguous(memory_format=layout))
        weight.grad = torch.ones_like(weight)
        step_with_rest(make_optimizer([{"params": [weight]}]), 0.5, torch.Generator().manual_seed(5))
        changed.append(weight.detach() != 1)
    assert torch.equal(*changed)


def test_a_scaler_that_finds_infinity_moves_nothing() -> None:
    weight = nn.Parameter(torch.ones(50))
    optimizer = make_optimizer([{"params": [weight], "lr": 0.1}], "adabelief")
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0)
    scaler.scale((weight * float("inf")).sum()).backward()
    step_with_rest(optimizer, 0.5, torch.Generator().manual_seed(1), scaler)
    scaler.update()
    assert torch.equal(weight.detach(), torch.ones(50))
    assert scaler.get_scale() == 1.0
