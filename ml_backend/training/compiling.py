"""torch.compile, where it works: many machines have no compiler, and a training must not end for that."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from .device import is_out_of_memory


class Compiled(nn.Module):
    """A network that runs compiled from its first use on, or as it is where that fails."""

    def __init__(self, network: nn.Module, say: Callable[[str], None]) -> None:
        super().__init__()
        self.network = network
        self._compiled: Callable[..., Any] | None = torch.compile(network)
        self._proven = False
        self._say = say

    def forward(self, *args: Any) -> Any:
        if self._compiled is None:
            return self.network(*args)
        try:
            made = self._compiled(*args)
        except Exception as error:  # the compilers behind torch raise whatever they like
            if self._proven or is_out_of_memory(error):
                raise
            self._compiled = None
            reason = str(error).strip().splitlines() or [type(error).__name__]
            self._say(f"torch.compile does not work here ({reason[0][:200]}); the training goes on without it.")
            return self.network(*args)
        self._proven = True
        return made
