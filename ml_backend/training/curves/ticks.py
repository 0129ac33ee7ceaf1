"""Round numbers for the axes of a plot."""

import math

_STEPS = (1, 2, 5, 10)
_MOST = 8


def linear_ticks(low: float, high: float) -> list[float]:
    """At most 8 multiples of 1, 2 or 5 times a power of ten, from `low` to `high`."""
    span = high - low
    if span <= 0:
        return [low]
    power = 10.0 ** math.floor(math.log10(span / _MOST))
    step = next(one * power for one in _STEPS if span / (one * power) < _MOST)
    return [k * step for k in range(math.ceil(low / step), math.floor(high / step) + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """Powers of ten between two positive numbers, with 2 and 5 times them where these are few."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    decades = math.log10(high / low)
    factors: tuple[float, ...] = (
        (1,) if decades > 3.5 else (1, 2, 5) if decades > 0.7 else (1, 1.2, 1.5, 2, 3, 4, 5, 6, 8)
    )
    found = [factor * 10.0**power for power in powers for factor in factors]
    return [tick for tick in found if low <= tick <= high]


def short(value: float) -> str:
    """The number in few letters, such as 250k."""
    for limit, letter in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return f"{value / limit:.4g}{letter}"
    return f"{value:.3g}"
