"""A numbered sequence of picture files as a source."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Literal

from ml_backend.errors import BackendError, UsageError
from ml_backend.media.alpha import telling
from ml_backend.media.chromaticities import Chromaticities, colourspace_of
from ml_backend.media.colour import LINEAR, PlateColour, make_frame, settle
from ml_backend.media.frame import Frame, SourceInfo, check_wanted
from ml_backend.media.frame_range import FrameRange, SingleFrames, describe
from ml_backend.media.picture import read_stored
from ml_backend.media.sequence_files import PHOTOS

_DEPTHS: dict[str, Literal[8, 16, 32]] = {"uint8": 8, "uint16": 16, "float32": 32}


class SequenceSource:
    """Pictures by file number. A plate's picture is its stored colour, also where its alpha says that it is empty."""

    def __init__(
        self,
        path: Path,
        files: Mapping[int, Path],
        chosen: FrameRange | SingleFrames,
        colour: PlateColour | None = None,
    ) -> None:
        """`files` ascend. BackendError where numbers inside the chosen range are missing.

        colour: None where the pictures tell: integers are display pictures, floats are linear light.
        """
        existing = list(files)
        if isinstance(chosen, FrameRange):
            _refuse_gaps(path, existing, chosen)
        self.numbers = chosen.select(existing)
        self._files = files
        first = read_stored(files[existing[0]])
        depth = _DEPTHS[first.image.dtype.name]
        if colour is None and first.chromaticities is not None:
            _refuse_other_colours(files[existing[0]], first.chromaticities)
        self.colour = settle(colour, depth)
        self.info = SourceInfo(
            path=path,
            kind="sequence",
            width=first.image.shape[1],
            height=first.image.shape[0],
            first=existing[0],
            last=existing[-1],
            count=len(existing),
            fps=first.fps,
            bit_depth=depth,
            variable_rate=False,
            colour=self.colour.name,
            timecode=first.timecode.text if first.timecode else None,
            pixel_aspect=first.pixel_aspect,
            origin=first.origin,
        )

    def frames(self, numbers: Sequence[int] | None = None) -> Iterator[Frame]:
        """See `Source.frames`. BackendError names the first file whose size or bit depth differs."""
        wanted = self.numbers if numbers is None else list(numbers)
        check_wanted(wanted, self.numbers, self.info.path)
        return (self._frame(number) for number in wanted)

    def _frame(self, number: int) -> Frame:
        file = self._files[number]
        recorded = read_stored(file)
        height, width = recorded.image.shape[:2]
        depth = recorded.image.dtype.itemsize * 8
        if (width, height, depth) != (self.info.width, self.info.height, self.info.bit_depth):
            raise BackendError(
                f"{file} is {width}×{height} with {depth} bit, but the first picture of the sequence is "
                f"{self.info.width}×{self.info.height} with {self.info.bit_depth} bit.",
                f"Export all pictures of the sequence with one size and bit depth. {PHOTOS}",
            )
        return make_frame(number, recorded.image, self.colour, recorded.timecode, telling(recorded.alpha))


def _refuse_other_colours(file: Path, chromaticities: Chromaticities) -> None:
    """UsageError for light in other primaries than Rec.709's, which would be taken for these."""
    name = colourspace_of(chromaticities)
    if name != LINEAR.name:
        said = name or f"other than Rec.709's ({', '.join(f'{value:g}' for value in chromaticities)})"
        raise UsageError(
            f"{file} says by its chromaticities that its colours are {said}.",
            f"Say which space that is: --colourspace {name or 'NAME'}.",
        )


def _refuse_gaps(path: Path, existing: list[int], chosen: FrameRange) -> None:
    missing: list[FrameRange] = []
    for before, after in pairwise(existing):
        low = before + 1 if chosen.first is None else max(before + 1, chosen.first)
        high = after - 1 if chosen.last is None else min(after - 1, chosen.last)
        if low <= high:
            missing.append(FrameRange(low, high))
    if missing:
        raise BackendError(
            f"The sequence {path} has no picture for {describe(missing)}.",
            f"Add the missing pictures, or choose frames without a gap, such as --frames {_longest_run(existing)}. "
            + PHOTOS,
        )


def _longest_run(existing: list[int]) -> str:
    longest = run = (existing[0], existing[0])
    for number in existing[1:]:
        run = (run[0], number) if number == run[1] + 1 else (number, number)
        longest = max(longest, run, key=lambda ends: ends[1] - ends[0])
    return str(FrameRange(*longest))
