"""AdaBelief: steps by how far a gradient is from what was expected of it.

Source: Zhuang et al., "AdaBelief Optimizer: Adapting Stepsizes by the Belief in Observed Gradients", 2020, with
decoupled weight decay (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019).
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from .gradients import with_gradients


class AdaBelief(torch.optim.Optimizer):
    """Remembers of every parameter `step` (0-dim), `exp_avg` and `exp_avg_var` (in the parameter's shape and layout).

    eps: what keeps the variance from 0. The gradients of a large network whose norm is clipped are far below 1e-4
    each, and a larger eps than this would decide their steps.
    """

    def __init__(
        self,
        groups: Iterable[dict[str, Any]],
        lr: float,
        betas: tuple[float, float] = (0.9, 0.99),
        eps: float = 1e-16,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(groups, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], Tensor] | None = None) -> None:  # type: ignore[override]
        """Change the parameters by their gradients. A closure is not called: gradients are there already."""
        for group in self.param_groups:
            parameters, gradients = with_gradients(group)
            if not parameters:
                continue
            states = [self._state(p) for p in parameters]
            steps = [state["step"] for state in states]
            means = [state["exp_avg"] for state in states]
            variances = [state["exp_avg_var"] for state in states]
            beta1, beta2 = group["betas"]
            torch._foreach_add_(steps, 1)
            torch._foreach_lerp_(means, gradients, 1 - beta1)
            surprise = torch._foreach_sub(gradients, means)
            torch._foreach_mul_(variances, beta2)
            torch._foreach_addcmul_(variances, surprise, surprise, 1 - beta2)
            torch._foreach_add_(variances, group["eps"])
            torch._foreach_mul_(parameters, 1 - group["lr"] * group["weight_decay"])
            # the corrections stay tensors beside their parameters: reading them would wait for the device
            spread = torch._foreach_div(variances, _correction(beta2, steps))
            torch._foreach_sqrt_(spread)
            torch._foreach_add_(spread, group["eps"])
            change = torch._foreach_div(means, _correction(beta1, steps))
            torch._foreach_addcdiv_(parameters, change, spread, -group["lr"])

    def _state(self, parameter: Tensor) -> dict[str, Tensor]:
        state: dict[str, Tensor] = self.state[parameter]
        if not state:
            state["step"] = torch.zeros((), device=parameter.device)
            state["exp_avg"] = torch.zeros_like(parameter, memory_format=torch.preserve_format)
            state["exp_avg_var"] = torch.zeros_like(parameter, memory_format=torch.preserve_format)
        return state


def _correction(beta: float, steps: list[Tensor]) -> list[Tensor]:
    """1 - beta^step: what a mean that began at 0 lacks."""
    powers = torch._foreach_pow(beta, steps)
    torch._foreach_neg_(powers)
    torch._foreach_add_(powers, 1)
    return list(powers)
