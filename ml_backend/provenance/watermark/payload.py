"""What the mark says: the first 32 bits of a hash of the swaps that are in the film."""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from itertools import combinations

_MOST_TRIED = 10  # swaps of which every combination is tried: 1023


def payload_of(manifests: Collection[str]) -> int:
    """The 32 bits for swaps whose manifest.json have these SHA-256 (hex).

    Of one: its first 32 bits. Of several: the first 32 bits of the SHA-256 of the sorted hashes, one after the other.
    """
    known = sorted(set(manifests))
    whole = known[0] if len(known) == 1 else hashlib.sha256("".join(known).encode()).hexdigest()
    return int(whole[:8], 16)


def swaps_of(payload: int, manifests: Mapping[str, str]) -> list[str] | None:
    """Which of the swaps (name: SHA-256 of its manifest.json, hex) a payload says, None where it says others.

    Any single one, all of them, and, of up to ten, any choice of them.
    """
    return next(
        (sorted(names) for names in _choices(manifests) if payload_of([manifests[n] for n in names]) == payload), None
    )


def _choices(manifests: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    names = sorted(manifests)
    if len(names) <= _MOST_TRIED:
        for count in range(1, len(names) + 1):
            yield from combinations(names, count)
        return
    yield from ((name,) for name in names)
    yield tuple(names)
