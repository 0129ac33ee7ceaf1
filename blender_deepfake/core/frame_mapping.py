"""Which frame of the source a strip shows at a frame of the timeline."""

from collections.abc import Sequence
from dataclasses import dataclass

from .errors import UsageError

FIRST_RENDERED = 1001  # as shots are numbered usually: so there is room for frames before the content's first


@dataclass(frozen=True)
class StripTiming:
    """Where a strip lies, in timeline frames.

    The content is the source without its trims: it starts at `content_start` and has `content_duration`
    frames. The strip shows from `left` up to, not including, `right`; where it shows more than there is
    content, the content's first or last frame is held. `origin` is the frame that stays with the content where
    `content_start` does not, as that of effects, which have none and start at their left handle.
    """

    content_start: int
    content_duration: int
    trim_start: int
    trim_end: int
    left: int
    right: int
    reversed: bool = False
    origin: int | None = None

    @property
    def frames(self) -> range:
        return range(self.left, self.right)

    @property
    def source_count(self) -> int:
        """Frames that Blender believes the whole source has."""
        return self.content_duration + self.trim_start + self.trim_end


def source_index(timing: StripTiming, frame: int) -> int:
    """The source's frame, counted from 0, that is shown at timeline frame `frame`."""
    last = timing.content_duration - 1
    index = min(max(frame - timing.content_start, 0), last)
    return timing.trim_start + (last - index if timing.reversed else index)


def movie_numbers(timing: StripTiming) -> list[int]:
    """For each timeline frame of the strip, the movie's frame number (from 1)."""
    return [source_index(timing, frame) + 1 for frame in timing.frames]


def sequence_numbers(timing: StripTiming, file_numbers: Sequence[int]) -> list[int]:
    """For each timeline frame of the strip, the shown file's number; `file_numbers` has one for each picture."""
    last = len(file_numbers) - 1
    return [file_numbers[min(source_index(timing, frame), last)] for frame in timing.frames]


def rendered_numbers(timing: StripTiming) -> list[int]:
    """The numbers of a plate that Blender rendered: the content's first frame is 1001.

    They stay with the content: trimming the strip's ends, moving and slipping it change no picture's number.
    """
    start = timing.content_start - timing.trim_start if timing.origin is None else timing.origin
    if timing.left - start + FIRST_RENDERED < 0:
        raise UsageError(
            f"The strip starts {start - timing.left} frames before what it shows.",
            f"Cut off its start, so that at most {FIRST_RENDERED} frames are left there.",
        )
    return [frame - start + FIRST_RENDERED for frame in timing.frames]


def span(numbers: Sequence[int]) -> str:
    """The range that holds all `numbers`, as the backend reads it: "3-17", or "5" for one frame."""
    first, last = min(numbers), max(numbers)
    return str(first) if first == last else f"{first}-{last}"
