"""What every source gives: its description, its frame numbers and its frames."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from ml_backend.errors import UsageError

Pixels = npt.NDArray[np.uint8 | np.uint16]
"""H×W×3 RGB or H×W×4 RGBA (straight alpha), uint8 (0–255) or uint16 (0–65535)."""


@dataclass(frozen=True)
class Frame:
    """One picture of a source. `image` is H×W×3 RGB, uint8, or uint16 where the source has more than 8 bits."""

    number: int
    image: Pixels


@dataclass(frozen=True)
class SourceInfo:
    """A whole source, whatever range of it was selected. Width and height are those after rotation."""

    path: Path
    kind: Literal["movie", "sequence"]
    width: int
    height: int
    first: int
    last: int
    count: int
    fps: Fraction | None
    bit_depth: Literal[8, 16]
    variable_rate: bool


class Source(Protocol):
    """Frames with numbers: from 1 in a movie, the file numbers in a sequence."""

    @property
    def info(self) -> SourceInfo: ...

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
