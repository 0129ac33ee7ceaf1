"""Which faces a step learns from: at random, or so that rare poses come as often as others."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from .faces import TrainingFaces


def sample_indices(
    faces: Mapping[str, TrainingFaces], count: int, balance: float, generator: torch.Generator
) -> dict[str, Tensor]:
    """`count` random faces of each identity (long, CPU), with replacement.

    balance: 0 draws every face as often as any other, 1 every pose (see `poses`), between them a mixture: every face
    comes. Faces whose poses nobody knows are drawn at random.
    """
    return {name: _draw(own, count, balance, generator) for name, own in faces.items()}


def _draw(faces: TrainingFaces, count: int, balance: float, generator: torch.Generator) -> Tensor:
    even = faces.even_shares
    if balance == 0 or even is None:
        return torch.randint(len(faces), (count,), generator=generator)
    ends = torch.from_numpy(np.cumsum((1 - balance) + balance * even))
    places = torch.rand(count, generator=generator, dtype=torch.float64) * ends[-1]
    return torch.searchsorted(ends, places, right=True).clamp_max(len(faces) - 1)
