"""The parameters that an optimizer has something to do for."""

from typing import Any

from torch import Tensor


def with_gradients(group: dict[str, Any]) -> tuple[list[Tensor], list[Tensor]]:
    """The parameters of an optimizer's group that have gradients, and these."""
    parameters = [p for p in group["params"] if p.grad is not None]
    return parameters, [p.grad for p in parameters]
