"""Each frame of a stream together with the frames around it."""

import math
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

T = TypeVar("T")

CUT_OFF = 2.0  # neighbours further away than so many σ do not count


def around(frames: Iterable[tuple[int, T]], reach: int) -> Iterator[tuple[int, Mapping[int, T]]]:
    """Every frame number of a stream (ascending), with those within `reach` of it by number, itself among them.

    At most 2·reach + 1 frames are in memory.
    """
    held: dict[int, T] = {}
    waiting: deque[int] = deque()
    for number, value in frames:
        while waiting and waiting[0] + reach < number:
            yield _leave(held, waiting, reach)
        held[number] = value
        waiting.append(number)
    while waiting:
        yield _leave(held, waiting, reach)


def _leave(held: dict[int, T], waiting: deque[int], reach: int) -> tuple[int, Mapping[int, T]]:
    number = waiting.popleft()
    for old in [other for other in held if other < number - reach]:
        del held[old]
    return number, {other: value for other, value in held.items() if other <= number + reach}


def reach_of(sigma: float) -> int:
    """How many frames before and after it a frame is averaged with."""
    return math.ceil(CUT_OFF * sigma)


def symmetric_weights(number: int, known: Iterable[int], sigma: float) -> dict[int, float]:
    """Gaussian weights (sum 1) of the frames around `number`, as far as both neighbours of every step are known.

    sigma: in frames. The same on both sides, so that nothing is delayed; a frame beside a gap or an end is averaged
    less.
    """
    there, weights = set(known), {number: 1.0}
    for step in range(1, reach_of(sigma) + 1):
        pair = (number - step, number + step)
        if not there.issuperset(pair):
            break
        weights |= dict.fromkeys(pair, math.exp(-((step / max(sigma, 0.01)) ** 2) / 2))
    total = sum(weights.values())
    return {frame: weight / total for frame, weight in sorted(weights.items())}
