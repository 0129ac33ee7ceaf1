"""Which old checkpoints go: the older they are, the fewer stay, as backups are rotated.

The age of a checkpoint is how many iterations it lies behind the newest one. Two neighbours that stay are at most a
factor of `GAP` apart in age, unless there never was one between them: there is one for each doubling. Ages only grow,
all by the same number, and so come nearer to each other as factors: thinning after every save takes away none that a
thinning at the end would miss. Where there are more doublings than `MOST`, the factors grow instead of the number.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

GAP = 2.0
MOST = 8  # older ones that stay at most, whatever the length of a training


def doomed(iterations: Iterable[int], newest: int, history: bool) -> list[int]:
    """Those of the checkpoints' iterations that should be deleted, oldest first.

    newest: so many of the newest stay, 1 or more. history: of the older ones some stay too, `MOST` at most; the first
    one always does.
    """
    ordered = sorted(set(iterations), reverse=True)
    recent, older = ordered[:newest], ordered[newest:]
    kept = _few(recent, _spread(recent, older)) if history and older else []
    return sorted(set(older) - set(kept))


def _spread(recent: Sequence[int], older: Sequence[int]) -> list[int]:
    """Those of the older ones without which a gap in age would be too wide."""
    last, before, kept = recent[0], recent[-1], []
    for number, following in pairwise(older):
        if last - following > GAP * (last - before):
            kept.append(number)
            before = number
    return [*kept, older[-1]]


def _few(recent: Sequence[int], older: Sequence[int]) -> list[int]:
    """At most `MOST`: the one whose absence leaves the least gap goes first."""
    kept = [recent[-1], *older]
    while len(kept) - 1 > MOST:
        ages = [recent[0] - number for number in kept]
        gaps = [ages[k + 1] / max(ages[k - 1], 1) for k in range(1, len(kept) - 1)]
        del kept[1 + gaps.index(min(gaps))]
    return kept[1:]
