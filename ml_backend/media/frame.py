"""What every source gives: its description, its frame numbers and its frames."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
import numpy.typing as npt

from ml_backend.errors import UsageError
from ml_backend.media.timecode import advance
from ml_backend.media.timecode_words import Timecode

if TYPE_CHECKING:
    from ml_backend.media.colour import Colour

Pixels = npt.NDArray[np.uint8 | np.uint16]
"""H×W×3 RGB or H×W×4 RGBA (straight alpha), uint8 (0–255) or uint16 (0–65535)."""

Stored = npt.NDArray[np.uint8 | np.uint16 | np.float32]
"""H×W×3 RGB as a file holds it: uint8, uint16, or float32 of any value."""


Size = tuple[int, int]
"""Width and height in pixels."""


@dataclass(frozen=True)
class Frame:
    """One picture of a source, H×W×3 RGB.

    image: as a screen shows it, whatever the source: uint8, or uint16 where the source has more than 8 bits or
    is no display picture. What detectors, crops and networks look at.
    original: what the file holds, where that is something else.
    timecode: the frame's own, as its file has it, or counted from the start of its movie; None where unknown.
    alpha: H×W float32 in 0–1, where the picture is empty; None where it is so nowhere.
    """

    number: int
    image: Pixels
    original: Stored | None = None
    timecode: Timecode | None = None
    alpha: npt.NDArray[np.float32] | None = None

    @property
    def stored(self) -> Stored:
        """What the file holds; `Source.colour` says what it means."""
        return self.image if self.original is None else self.original


@dataclass(frozen=True)
class SourceInfo:
    """A whole source, whatever range of it was selected. Width and height are those after rotation.

    bit_depth: of the stored values; 32 is float. colour: the name of `Source.colour`.
    timecode: of the first frame of the source, HH:MM:SS:FF, or HH:MM:SS;FF for drop frame; None where unknown.
    pixel_aspect: how many times as wide as high the stored pixels are. stored: the size of the pictures in the files,
    where the frames of the source are stretched to square pixels. interlaced: each picture holds two moments.
    origin: x and y of the picture's first pixel, as an EXR's display window says it.
    """

    path: Path
    kind: Literal["movie", "sequence"]
    width: int
    height: int
    first: int
    last: int
    count: int
    fps: Fraction | None
    bit_depth: Literal[8, 16, 32]
    variable_rate: bool
    colour: str = "sRGB"
    timecode: str | None = None
    pixel_aspect: float = 1.0
    interlaced: bool = False
    origin: tuple[int, int] = (0, 0)
    stored: Size | None = None

    @property
    def stored_size(self) -> Size:
        """Of the pictures in the files."""
        return self.stored or (self.width, self.height)

    @property
    def stretched(self) -> tuple[float, float]:
        """How much wider and higher than those its frames are."""
        width, height = self.stored_size
        return self.width / width, self.height / height

    def timecode_of(self, number: int) -> str | None:
        """The time code of a frame as far as it is known without reading it: an even movie's are counted on."""
        if self.timecode is None or number == self.first:
            return self.timecode
        if self.kind != "movie" or self.variable_rate or self.fps is None:
            return None
        return advance(self.timecode, number - self.first, self.fps)


class Source(Protocol):
    """Frames with numbers: from 1 in a movie, the file numbers in a sequence."""

    @property
    def info(self) -> SourceInfo: ...

    @property
    def colour(self) -> "Colour":
        """What the stored values of its frames mean."""

    @property
    def numbers(self) -> list[int]:
        """The selected frame numbers, ascending."""

    def frames(self, numbers: Sequence[int] | None = None) -> Iterator[Frame]:
        """The frames `numbers` (ascending, each one selected; None: all selected), one in memory at a time.

        Every call starts anew and seeks to the first one. UsageError for numbers that are not selected,
        BackendError naming file and frame where a frame cannot be read as it was recorded.
        """


def check_wanted(wanted: Sequence[int], selected: Sequence[int], path: Path) -> None:
    """UsageError unless `wanted` ascends strictly and lies in `selected`."""
    known = set(selected)
    unknown = [number for number in wanted if number not in known]
    if unknown:
        raise UsageError(
            f"{path} was opened without frame {unknown[0]}.", f"Its frames here are {selected[0]}-{selected[-1]}."
        )
    if any(later <= earlier for earlier, later in pairwise(wanted)):
        raise UsageError(f"The frames wanted of {path} do not ascend.", "Ask for each once, in ascending order.")
