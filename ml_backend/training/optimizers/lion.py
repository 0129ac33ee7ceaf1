"""Lion: every weight steps equally far, in the direction of a mean of the gradients.

Source: Chen et al., "Symbolic Discovery of Optimization Algorithms", 2023. Its steps have the length of the learning
rate, so it wants one 3 to 10 times smaller than AdamW, and a weight decay that is as much larger.
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from .gradients import with_gradients


class Lion(torch.optim.Optimizer):
    """Remembers of every parameter `exp_avg` (in the parameter's shape and layout): half of what AdamW remembers."""

    def __init__(
        self,
        groups: Iterable[dict[str, Any]],
        lr: float,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(groups, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], Tensor] | None = None) -> None:  # type: ignore[override]
        """Change the parameters by their gradients. A closure is not called: gradients are there already."""
        for group in self.param_groups:
            parameters, gradients = with_gradients(group)
            if not parameters:
                continue
            means = [self._mean(p) for p in parameters]
            beta1, beta2 = group["betas"]
            directions = torch._foreach_lerp(means, gradients, 1 - beta1)
            torch._foreach_sign_(directions)
            torch._foreach_mul_(parameters, 1 - group["lr"] * group["weight_decay"])
            torch._foreach_add_(parameters, directions, alpha=-group["lr"])
            torch._foreach_lerp_(means, gradients, 1 - beta2)

    def _mean(self, parameter: Tensor) -> Tensor:
        state: dict[str, Tensor] = self.state[parameter]
        if not state:
            state["exp_avg"] = torch.zeros_like(parameter, memory_format=torch.preserve_format)
        return state["exp_avg"]
