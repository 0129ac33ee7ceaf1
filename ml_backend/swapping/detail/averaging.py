"""Average what was measured on neighbouring frames, so that nothing made from it flickers."""

from collections.abc import Sequence
from dataclasses import fields
from typing import TypeVar

import numpy as np

from .grain import Grain
from .sharpness import Sharpness

Measured = TypeVar("Measured", Grain, Sharpness)


def mean_of(values: Sequence[Measured], weights: Sequence[float]) -> Measured:
    """The weighted mean of measurements, one weight a frame; the weights need not sum to 1 but to more than 0.

    Raises ValueError where the numbers of both differ or the weights sum to 0.
    """
    shares = np.asarray(weights, np.float64)
    if len(shares) != len(values) or shares.sum() <= 0:
        raise ValueError(f"{len(values)} measurements need as many weights with a sum above 0, not {list(weights)}.")
    shares /= shares.sum()
    kind = type(values[0])
    means = {}
    for field in fields(kind):
        parts = np.stack([getattr(value, field.name) for value in values])
        means[field.name] = np.tensordot(shares, parts.astype(np.float64), 1).astype(np.float32)
    return kind(**means)
