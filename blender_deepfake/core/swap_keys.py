"""From a setting's value at each frame of the timeline to a few keys in the plate's frame numbers."""

import math
from collections.abc import Iterable, Sequence

TOLERANCE = 1e-6
Key = tuple[int, float]


def by_plate_frame(numbers: Sequence[int], values: Iterable[float]) -> tuple[list[Key], list[int]]:
    """The value of each plate frame, by ascending number, and the plate frames that have two different ones.

    `numbers` has the plate frame and `values` the value for each frame of the timeline. Where a plate frame is shown
    more than once, the value at its first showing holds.
    """
    found: dict[int, float] = {}
    torn = set()
    for number, value in zip(numbers, values, strict=True):
        if abs(found.setdefault(number, value) - value) > TOLERANCE:
            torn.add(number)
    return sorted(found.items()), sorted(torn)


def thinned(samples: Sequence[Key], tolerance: float = TOLERANCE) -> list[Key]:
    """The fewest of `samples` in one pass from which straight lines give all others back within `tolerance`.

    Samples ascend by frame. Where all values are the same, one key is left.
    """
    if not samples:
        return []
    if all(abs(value - samples[0][1]) <= tolerance for _, value in samples):
        return [samples[0]]
    kept, (start, level) = [samples[0]], samples[0]
    steepest, flattest = math.inf, -math.inf  # slopes from the last key that pass all samples since closely enough
    last = samples[0]
    for frame, value in samples[1:]:
        slope = (value - level) / (frame - start)
        if not flattest <= slope <= steepest:
            kept.append(last)
            start, level = last
            steepest, flattest = math.inf, -math.inf
        span = frame - start
        steepest = min(steepest, (value + tolerance - level) / span)
        flattest = max(flattest, (value - tolerance - level) / span)
        last = frame, value
    return [*kept, last]
