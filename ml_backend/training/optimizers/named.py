"""The optimizers by name, and steps in which a part of the weights rests."""

from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor

from .adabelief import AdaBelief
from .gradients import with_gradients
from .lion import Lion

OptimizerName = Literal["adamw", "adabelief", "lion"]
_FUSED = ("cuda", "cpu", "mps")


def make_optimizer(
    groups: Sequence[dict[str, Any]],
    name: OptimizerName = "adamw",
    weight_decay: float = 0.0,
    betas: tuple[float, float] = (0.9, 0.99),
    rate: float = 3e-4,
) -> torch.optim.Optimizer:
    """An optimizer of groups of parameters: {"params": […]}, which may bring "lr" and values of the caller's own.

    weight_decay is decoupled from the gradients, and falls with the learning rate. `rate` is that of the groups
    without an "lr".
    """
    if name == "adabelief":
        return AdaBelief(groups, rate, betas, weight_decay=weight_decay)
    if name == "lion":
        return Lion(groups, rate, betas, weight_decay=weight_decay)
    fused = all(p.device.type in _FUSED for group in groups for p in group["params"])
    return torch.optim.AdamW(groups, lr=rate, betas=betas, weight_decay=weight_decay, fused=fused)


def step_with_rest(
    optimizer: torch.optim.Optimizer,
    part: float,
    generator: torch.Generator,
    scaler: torch.amp.GradScaler | None = None,
) -> None:
    """A step of the optimizer in which a random part (0–1) of the weights stays as it is.

    The moments see all gradients. What moves, moves as far as ever: the mean step is shorter by `part`, as with the
    "lr dropout" of DeepFaceLab, which lets 0.7 of the weights rest. `generator` is on the CPU; the same state of it
    lets the same weights rest on the same kind of device. A scaler makes the step where gradients are scaled.
    """
    parameters = [p for group in optimizer.param_groups for p in with_gradients(group)[0]]
    before = [p.detach().clone() for p in parameters]
    if scaler is None:
        optimizer.step()
    else:
        scaler.step(optimizer)
    seed = int(torch.randint(2**62, (), generator=generator))
    _put_back(parameters, before, part, seed)


@torch.no_grad()
def _put_back(parameters: Sequence[Tensor], before: Sequence[Tensor], part: float, seed: int) -> None:
    # drawn on the parameters' device: a large network has more weights than a CPU can draw numbers for in a step
    generators = {p.device: _generator(p.device, seed) for p in parameters}
    for parameter, old in zip(parameters, before, strict=True):
        # not in the parameter's layout, so that the same weights rest whatever it is
        resting = torch.empty(parameter.shape, dtype=torch.bool, device=parameter.device)
        resting.bernoulli_(part, generator=generators[parameter.device])
        parameter.copy_(torch.where(resting, old, parameter))


def _generator(device: torch.device, seed: int) -> torch.Generator | None:
    """None for the meta device, on which nothing is drawn."""
    return None if device.type == "meta" else torch.Generator(device).manual_seed(seed)
