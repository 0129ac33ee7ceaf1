"""Pictures and weights that the losses are measured on."""

from collections.abc import Callable

import pytest
import torch

from ml_backend.networks.recogniser import Recogniser
from ml_backend.training.losses.shipped import load_recogniser

Pictures = Callable[..., torch.Tensor]


@pytest.fixture(scope="session")
def pictures() -> Pictures:
    """pictures(seed, count=2, side=32): N×3×R×R noise in 0–1."""

    def make(seed: int, count: int = 2, side: int = 32) -> torch.Tensor:
        return torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(seed))

    return make


@pytest.fixture(scope="session")
def recogniser() -> Recogniser:
    return load_recogniser(torch.device("cpu"))
