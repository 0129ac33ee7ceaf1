"""Which frames of a source are meant: `1-100`, `7`, `5-`, `-20`, or single ones."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ml_backend.errors import UsageError

_SINGLE = re.compile(r"([0-9]{1,12})")
_RANGE = re.compile(r"([0-9]{1,12})?\s*-\s*([0-9]{1,12})?")
_FIX = "Write a range such as 1-100, 7, 5- or -20."


@dataclass(frozen=True)
class FrameRange:
    """Frame numbers from `first` to `last`, both included; None leaves that end open."""

    first: int | None = None
    last: int | None = None

    def __contains__(self, number: int) -> bool:
        return (self.first is None or number >= self.first) and (self.last is None or number <= self.last)

    def __str__(self) -> str:
        if self.first == self.last:
            return "all" if self.first is None else str(self.first)
        return f"{'' if self.first is None else self.first}-{'' if self.last is None else self.last}"

    def select(self, numbers: Sequence[int]) -> list[int]:
        """The members of `numbers` in the range, in their order. UsageError when there is none."""
        chosen = [number for number in numbers if number in self]
        if not chosen:
            exists = f"the frames are {min(numbers)}-{max(numbers)}" if numbers else "there is no frame at all"
            raise UsageError(f"The frame range {self} selects nothing: {exists}.", _FIX)
        return chosen

    def is_within(self, first: int, last: int) -> bool:
        """Do the ends that it names lie among the frames from `first` to `last`?"""
        return all(first <= end <= last for end in (self.first, self.last) if end is not None)


@dataclass(frozen=True)
class SingleFrames:
    """Frame numbers that need not follow each other, at least one."""

    numbers: frozenset[int]

    @property
    def last(self) -> int:
        return max(self.numbers)

    def select(self, numbers: Sequence[int]) -> list[int]:
        """The members of `numbers` that are meant, in their order; what is missing there is left out."""
        return [number for number in numbers if number in self.numbers]


def parse_frames(text: str | None) -> FrameRange:
    """Read a frame range; None means all frames. UsageError for anything else than the four forms."""
    if text is None:
        return FrameRange()
    stripped = text.strip()
    if single := _SINGLE.fullmatch(stripped):
        return FrameRange(int(single[1]), int(single[1]))
    both = _RANGE.fullmatch(stripped)
    if both is None or (both[1] is None and both[2] is None):
        raise UsageError(f"“{text}” is not a frame range.", _FIX)
    first, last = (None if end is None else int(end) for end in both.groups())
    if first is not None and last is not None and last < first:
        raise UsageError(f"The frame range “{text}” ends before it begins.", f"Write {last}-{first}.")
    return FrameRange(first, last)


def describe(ranges: Sequence[FrameRange], most: int = 8) -> str:
    """Ranges as compact text for a message, `3, 7-9, 12`; at most `most` of them."""
    return ", ".join(str(one) for one in ranges[:most]) + (" …" if len(ranges) > most else "")
