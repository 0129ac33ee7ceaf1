"""The value of a setting that changes, on any frame: its keys, and how it goes from each of them to the next."""

from bisect import bisect_right
from collections.abc import Sequence

from ml_backend.requests import Key


def value_at(keys: Sequence[Key], frame: int) -> float:
    """Of keys in the order of their frames; constant before the first and after the last.

    The third entry of a key says how its value passes into the next one's: "linear" (also where there is none)
    straight, "hold" not before the next key, "smooth" slowly out of the one and into the other.
    """
    after = bisect_right(keys, frame, key=lambda key: key[0])
    if after in (0, len(keys)):
        return keys[0 if after == 0 else -1][1]
    (start, value, *way), (end, following, *_) = keys[after - 1], keys[after]
    if way == ["hold"]:
        return value
    part = (frame - start) / (end - start)
    if way == ["smooth"]:
        part = part * part * (3 - 2 * part)
    return value + (following - value) * part
