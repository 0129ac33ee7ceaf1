"""Which parts of a picture the detector looks at, and how large it sees them."""

import math
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ml_backend.errors import UsageError

# Sides on the canvas, in pixels of the canvas:
LEAST = 16  # of a face that the network still finds: 29 of 30, at a mean score of 0.65
LARGEST = 80  # of a face that a tile answers for; the scale before it sees these at LARGEST / STEP or more
OVERLAP = 96  # of neighbouring tiles, so that a face of LARGEST lies whole and with its surroundings in one of them
TILE = 640  # of a tile at most: what bounds the memory
MULTIPLE = 32  # the sides of the network's input are multiples of this
STEP = 4  # from one scale to the next
_BORDER = 0.1  # a face nearer to a tile's border than this part of its side is cut by it


@dataclass(frozen=True)
class SmallestFace:
    """The side of the smallest face that a thorough search must find: the larger one of two bounds.

    pixels: in pixels of the picture. of_height: as a part of the picture's height; 0 for pixels alone. The cost
    grows with the square of what is asked for: half the side, four times the time. left_out_below: faces of fewer
    pixels are left out, however well they are seen.
    """

    pixels: float = 20.0
    of_height: float = 0.02
    left_out_below: float = 0.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.pixels) and self.pixels >= 4):
            raise UsageError(f"A smallest face of {self.pixels:g} pixels cannot be found.", "Ask for 4 or more.")
        if not 0 <= self.of_height <= 1:
            raise UsageError(
                f"A smallest face of {self.of_height:g} of the picture's height does not exist.",
                "Give a part from 0 to 1, as 0.02.",
            )

    @classmethod
    def of(cls, pixels: float | None) -> "SmallestFace":
        """Faces of so many pixels and more, and no others; those of the default where it is None."""
        return cls() if pixels is None else cls(pixels, 0, pixels)

    def side(self, height: int) -> float:
        """In pixels of a picture of this height."""
        return max(self.pixels, self.of_height * height)


@dataclass(frozen=True)
class View:
    """The picture's pixels from (left, top) to before (right, bottom), seen as width × height pixels.

    cut: which of the sides left, top, right, bottom are inside the picture, so that a face may go on beyond.
    least: the side on the canvas of the smallest face that it answers for.
    """

    left: int
    top: int
    right: int
    bottom: int
    width: int
    height: int
    cut: tuple[bool, bool, bool, bool] = (False, False, False, False)
    least: float = 0

    @property
    def scale(self) -> NDArray[np.float64]:
        """Pixels of the canvas a pixel of the picture, in x and y."""
        return np.array([self.width / (self.right - self.left), self.height / (self.bottom - self.top)])

    def answers_for(self, boxes: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which of N×4 boxes (canvas) are whole faces of a size for this view; the rest is in another one."""
        side = (boxes[:, 2:] - boxes[:, :2]).max(1, initial=0)
        large: NDArray[np.bool_] = side >= self.least
        if not any(self.cut):
            return large
        limits = np.array([0, 0, self.width, self.height])
        room = (boxes - limits) * [1, 1, -1, -1]
        free: NDArray[np.bool_] = (room > _BORDER * side[:, None])[:, np.array(self.cut)].all(1)
        whole_and_mine: NDArray[np.bool_] = free & large & (side <= LARGEST)
        return whole_and_mine


def whole(width: int, height: int, long_side: int, least: float = 0) -> View:
    """All of a picture, its longer side `long_side` on the canvas; `least` as in View."""
    factor = long_side / max(height, width)
    return View(0, 0, width, height, max(1, round(width * factor)), max(1, round(height * factor)), least=least)


def finer(width: int, height: int, smallest: float, seen: View) -> list[list[View]]:
    """The scales, coarse to fine, that are missing to find faces of `smallest` pixels beside the view `seen`.

    Views of one scale have one size, so that they can be stacked.
    """
    reached, wanted = float(seen.scale.min()), LEAST / smallest
    if wanted <= reached:
        return []
    steps = math.ceil(math.log(wanted / reached) / math.log(STEP) - 1e-9)
    return [_tiles(width, height, reached * (wanted / reached) ** (n / steps)) for n in range(1, steps + 1)]


def _tiles(width: int, height: int, scale: float) -> list[View]:
    columns, rows = _spans(width, scale), _spans(height, scale)
    views = []
    for (top, bottom, h), (left, right, w) in product(rows, columns):
        views.append(View(left, top, right, bottom, w, h, (left > 0, top > 0, right < width, bottom < height)))
    return views


def _spans(length: int, scale: float) -> list[tuple[int, int, int]]:
    """First pixel, the one after the last, and size on the canvas of the tiles along one side of the picture."""
    seen = max(1, round(length * scale))
    if seen <= TILE:
        return [(0, length, seen)]
    count = math.ceil((seen - OVERLAP) / (TILE - OVERLAP))
    size = math.ceil((seen + (count - 1) * OVERLAP) / count / MULTIPLE) * MULTIPLE
    part = min(length, math.ceil(size / scale))
    return [(first, first + part, size) for first in (round(n * (length - part) / (count - 1)) for n in range(count))]
