"""Find the cuts between shots, one frame after the other."""

import base64
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.media.frame import Pixels

ROWS, COLUMNS = 36, 64  # of the thumbnail
BLOCK = 9, 8  # rows and columns of the blocks that are looked for in the other frame
NEAR, FAR = (2, 3), (8, 10)  # so far they are looked for: FAR is a sixth of the picture, a very fast pan
CUT = 0.70  # frames less alike than this are of two shots: within a shot 0.72 and more was measured
OTHER_LIGHT = 0.78, 30.0  # so are frames less alike than this whose mean colour differs by this much (0–255)
ALIKE = 0.85  # the correlation of thumbnails above which it is certain without a search that there is no cut
FLAT = 3.5  # standard deviation in a block of the thumbnail (0–255) below which there is nothing to recognise in it
LEAST_BLOCKS = 5  # with something to recognise in them, or nothing can be said
CLIPPED = 250  # burnt out from here (0–255)
BLIND = 0.2  # a flash: this much more of the picture is burnt out than in the other frame
OTHER_BLOCK = 12.0  # mean difference (0–255) from which a block shows something else
LONGEST_FLASH = 5  # frames
_TOE = 1 / 255  # below it the root is nearly straight, so that the noise of black is not made large

Thumbnail = NDArray[np.uint8]


class Change(NamedTuple):
    """A cut between the frame before and this one? And how much the picture has changed, 0–1."""

    cut: bool
    amount: float


@dataclass
class CutState:
    """The frame before, and where that shows less (a flash, black) the last one that showed more.

    flat: there is nothing to recognise in the frame before. kept_for: frames since `kept`. size: height and width.
    """

    before: Thumbnail | None = None
    flat: bool = False
    kept: Thumbnail | None = None
    kept_for: int = 0
    size: tuple[int, int] = (0, 0)

    def to_json(self) -> dict[str, Any]:
        return {
            "before": thumbnail_to_text(self.before),
            "flat": self.flat,
            "kept": thumbnail_to_text(self.kept),
            "kept_for": self.kept_for,
            "size": list(self.size),
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "CutState":
        height, width = value["size"]
        before, kept = thumbnail_from_text(value["before"]), thumbnail_from_text(value["kept"])
        return cls(before, bool(value["flat"]), kept, int(value["kept_for"]), (int(height), int(width)))


class CutFinder:
    """Says for each frame whether a new shot begins with it.

    Small blocks of the one frame are looked for near their places in the other, whatever their brightness and
    contrast: pans, fast heads, dark pictures, noise and exposure that changes leave most of them to be found, and
    a cut does not, even to a shot of the same kind. What a flash burns out is left out. Where nothing is left, as
    in a white or black frame, the answer is put off to the next frame that shows something, and that is compared
    with the last one that did. A change of the picture's size is a cut.
    A dissolve is no cut: no two frames of it differ enough. A fade through black to another shot is one cut, found
    when the other shot can be made out.
    """

    def __init__(self) -> None:
        self.state = CutState()

    def __call__(self, image: Pixels) -> Change:
        """What happened between the frame before and this one, H×W×3 RGB (uint8 or uint16)."""
        state, small, size = self.state, thumbnail(image), (image.shape[0], image.shape[1])
        flat = is_flat(small)
        if state.before is None or size != state.size:
            self.state = CutState(small, flat, size=size)
            return Change(state.before is not None, 0.0 if state.before is None else 1.0)
        shown = [] if state.kept is None else [state.kept]
        shown += [] if state.flat else [state.before]
        found = [] if flat else [likeness for known in shown if (likeness := alike(known, small)) is not None]
        flash = bool(shown) and _burnt(small) > _burnt(shown[0]) + BLIND
        other_light = bool(shown) and not flash and _shade(shown[-1], small) > OTHER_LIGHT[1]
        cut = bool(found) and max(found) < (OTHER_LIGHT[0] if other_light else CUT)
        blind = flat or (flash and state.kept_for < LONGEST_FLASH)
        if blind and not cut and shown:
            self.state = CutState(small, flat, shown[0], state.kept_for + 1, size)
        else:
            self.state = CutState(small, flat, size=size)
        # a frame that shows nothing does not say how much has changed: it may be all
        return Change(cut, 1 - max(found) if found else 1.0 if shown else 0.0)


def thumbnail(image: Pixels) -> Thumbnail:
    """36×64×3, nearly the square root of the brightness: the dark parts keep their detail in 8 bits."""
    down, across = max(1, image.shape[0] // 180), max(1, image.shape[1] // 320)
    # not the mean of all pixels, which takes 5 ms at 1080p
    some = cv2.resize(image, (image.shape[1] // across, image.shape[0] // down), interpolation=cv2.INTER_NEAREST)
    small = cv2.resize(some[..., :3], (COLUMNS, ROWS), interpolation=cv2.INTER_AREA).astype(np.float32)
    light = np.sqrt(small / np.float32(np.iinfo(image.dtype).max) + np.float32(_TOE))
    low, high = math.sqrt(_TOE), math.sqrt(1 + _TOE)
    return np.asarray(np.round((light - low) * (255 / (high - low))), np.uint8)


def alike(a: Thumbnail, b: Thumbnail) -> float | None:
    """How much of two thumbnails is the same, up to 1; None where there is too little in them to say it."""
    burnt = _burnt(a) - _burnt(b)
    if abs(burnt) > BLIND:  # what a flash has left must be in the other frame; what it burnt out cannot be found
        pairs = [(a, b)] if burnt > 0 else [(b, a)]
    else:
        pairs = [(a, b), (b, a)]
        if (whole := _correlation(a, b)) > ALIKE:
            return whole
    for reach in (NEAR, FAR):
        found = [score for of, within in pairs if (score := _found(of, within, reach)) is not None]
        if not found or min(found) >= OTHER_LIGHT[0]:
            break
    return min(found) if found else None


def is_flat(small: Thumbnail) -> bool:
    """Is there nothing to recognise in this thumbnail?"""
    return len(_blocks(small)) < LEAST_BLOCKS


def changed(a: Thumbnail, b: Thumbnail, apart_from: Sequence[tuple[float, float, float, float]] = ()) -> float:
    """The part of the blocks that are not the same in two thumbnails, 0–1.

    apart_from: boxes x0, y0, x1, y1 in parts of the picture's width and height; blocks in them do not count.
    """
    rows, columns = ROWS // BLOCK[0], COLUMNS // BLOCK[1]
    exposure = np.median((a + 1.0) / (b + 1.0), (0, 1))
    off = np.abs(a - b * exposure.astype(np.float32)).max(-1)
    other = cv2.resize(off, (columns, rows), interpolation=cv2.INTER_AREA) > OTHER_BLOCK
    y, x = (np.arange(rows)[:, None] + 0.5) / rows, (np.arange(columns) + 0.5) / columns
    for x0, y0, x1, y1 in apart_from:
        other &= (x < x0) | (x > x1) | (y < y0) | (y > y1)
    return float(other.mean())


def _blocks(small: Thumbnail) -> list[tuple[int, int, float]]:
    """Row, column and contrast of the blocks with something to recognise in them."""
    rows, columns = BLOCK
    grid = COLUMNS // columns, ROWS // rows
    values = small.astype(np.float32)
    mean, square = (cv2.resize(one, grid, interpolation=cv2.INTER_AREA) for one in (values, values * values))
    contrast = np.sqrt(np.maximum(square - mean * mean, 0)).max(-1)
    burnt = cv2.resize(_burnt_out(small), grid, interpolation=cv2.INTER_AREA)
    clear = (contrast > FLAT) & (burnt < 0.2 * 255)
    return [(int(y) * rows, int(x) * columns, float(contrast[y, x])) for y, x in np.argwhere(clear)]


def _found(of: Thumbnail, within: Thumbnail, reach: tuple[int, int]) -> float | None:
    """How well the blocks of one thumbnail are found near their places in the other, each apart or all together."""
    blocks = _blocks(of)
    if len(blocks) < LEAST_BLOCKS:
        return None
    weights = np.minimum([contrast for _, _, contrast in blocks], 25.0)
    weights /= weights.sum()
    maps = [_match(of, within, y, x, reach) for y, x, _ in blocks]
    apart = float(weights @ [scores.max() for scores in maps])
    return apart if apart >= OTHER_LIGHT[0] or reach == NEAR else max(apart, _together(maps, weights))


def _match(of: Thumbnail, within: Thumbnail, y: int, x: int, reach: tuple[int, int]) -> NDArray[np.float32]:
    """The correlation of one block with every place near its own, −1 where that is not all in the picture."""
    (rows, columns), (down, across) = BLOCK, reach
    top, left = max(0, y - down), max(0, x - across)
    near = within[top : y + rows + down, left : x + columns + across]
    scores = np.full((2 * down + 1, 2 * across + 1), -1, np.float32)
    found = cv2.matchTemplate(near, of[y : y + rows, x : x + columns], cv2.TM_CCOEFF_NORMED)
    found[~np.isfinite(found) | (np.abs(found) > 1.01)] = 0  # where there is nothing to compare with
    row, column = top - y + down, left - x + across
    scores[row : row + found.shape[0], column : column + found.shape[1]] = found
    return scores


def _together(maps: list[NDArray[np.float32]], weights: NDArray[np.float64]) -> float:
    """The best mean correlation of the blocks if all move by the same, give or take a pixel.

    In a pan those at the picture's edge are lost, but not more than half.
    """
    near = np.stack([cv2.dilate(scores, np.ones((3, 3), np.uint8)) for scores in maps]).astype(np.float64)
    weight = weights[:, None, None] * (near > -1)
    seen = weight.sum(0)
    mean = np.where(seen > 0.5, (near * weight).sum(0) / np.maximum(seen, 1e-9), -1)
    return float(mean.max())


def _correlation(a: Thumbnail, b: Thumbnail) -> float:
    """Of the whole thumbnails, each colour about its mean; OpenCV calls everything like a template of one colour."""
    return min(float(cv2.matchTemplate(*pair, cv2.TM_CCOEFF_NORMED)[0, 0]) for pair in ((a, b), (b, a)))


def _shade(a: Thumbnail, b: Thumbnail) -> float:
    """How much the mean colours differ, 0–255."""
    return float(np.abs(a.mean((0, 1)) - b.mean((0, 1))).max())


def _burnt(small: Thumbnail) -> float:
    """The part of the picture that is burnt out, 0–1."""
    return cv2.countNonZero(_burnt_out(small)) / (ROWS * COLUMNS)


def _burnt_out(small: Thumbnail) -> Thumbnail:
    """36×64: 255 where all three colours are burnt out, 0 elsewhere."""
    return np.asarray(cv2.inRange(small, (CLIPPED,) * 3, (255,) * 3), np.uint8)


def thumbnail_to_text(small: Thumbnail | None) -> str | None:
    return None if small is None else base64.b64encode(small.tobytes()).decode()


def thumbnail_from_text(text: str | None) -> Thumbnail | None:
    return None if text is None else np.frombuffer(base64.b64decode(text), np.uint8).reshape(ROWS, COLUMNS, 3)
