"""Values that stand out of a shot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

FEWEST = 8  # values; of fewer nobody can say what is usual
REACH = 4  # frames to each side that are a value's neighbours; as many on both, or a drift would count at the ends
_SPREADS = 5.0  # so many standard deviations from the median are no chance in a shot of any length
_SIGMA = 1.4826  # of a normal distribution, by its median absolute deviation

Values = Sequence[float | None]


@dataclass(frozen=True)
class Outlier:
    """A value that is too high. times: how many times the allowed distance it is away from the `usual` value."""

    times: float
    usual: float


def median(values: Values) -> float | None:
    """The median of the values that are known."""
    known = [value for value in values if value is not None]
    return float(np.median(known)) if known else None


def outliers(values: Values, floor: float) -> dict[int, Outlier]:
    """The places of the values that are too high for their shot.

    Allowed is a distance of `floor` or of five robust standard deviations from the median, whichever is more: a calm
    shot has no outliers, and neither has one that is all alike bad. None counts nowhere; fewer than 8 values have none.
    """
    known = np.array([value for value in values if value is not None], np.float64)
    if len(known) < FEWEST:
        return {}
    usual = float(np.median(known))
    allowed = max(floor, _SPREADS * _SIGMA * float(np.median(np.abs(known - usual))))
    found = {n: Outlier((value - usual) / allowed, usual) for n, value in enumerate(values) if value is not None}
    return {n: outlier for n, outlier in found.items() if outlier.times > 1}


def glitches(values: Values, floor: float) -> dict[int, Outlier]:
    """The places of the values that are too high for their neighbours, however the shot drifts; see `outliers`."""
    usual = [_around(values, n) for n in range(len(values))]
    off = [None if a is None or b is None else a - b for a, b in zip(values, usual, strict=True)]
    return {n: Outlier(found.times, usual[n] or 0.0) for n, found in outliers(off, floor).items()}


def stand_out(values: Values, floor: float) -> dict[int, Outlier]:
    """`outliers` and `glitches` together; a place that is both is what it is more."""
    found = outliers(values, floor)
    for n, glitch in glitches(values, floor).items():
        if n not in found or glitch.times > found[n].times:
            found[n] = glitch
    return dict(sorted(found.items()))


def peaks(found: Mapping[int, Outlier]) -> dict[int, Outlier]:
    """Of outliers that are neighbours only the highest: one bad frame is seen from both of its neighbours too."""
    height = {n: outlier.times for n, outlier in found.items()}
    return {n: o for n, o in found.items() if o.times >= height.get(n - 1, 0.0) and o.times > height.get(n + 1, 0.0)}


def _around(values: Values, n: int) -> float | None:
    reach = min(REACH, n, len(values) - 1 - n)
    return median([*values[n - reach : n], *values[n + 1 : n + 1 + reach]])
