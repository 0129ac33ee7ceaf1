"""Footage whose pixels are not square (anamorphic plates, DV) as it was filmed, and back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import gcd
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from .colour import Colour
from .frame import Frame, Size, Source, SourceInfo

NEARLY = 0.005  # scaled movies are often as far off


def as_filmed(source: Source, pixel_aspect: float | None = None) -> Source:
    """The source with square pixels: wider or higher where its own are not, so that none is lost; else itself.

    pixel_aspect: how many times as wide as high the pixels are, where it is not as the source says.
    """
    aspect = source.info.pixel_aspect if pixel_aspect is None else pixel_aspect
    width, height = source.info.width, source.info.height
    if abs(aspect - 1) <= NEARLY:
        return source
    size = (round(width * aspect), height) if aspect > 1 else (width, round(height / aspect))
    return _Stretched(source, replace(source.info, width=size[0], height=size[1], stored=(width, height)))


@dataclass(frozen=True)
class _Stretched:
    """Frames of `stored` as large as `info` says."""

    stored: Source
    info: SourceInfo

    @property
    def colour(self) -> Colour:
        return self.stored.colour

    @property
    def numbers(self) -> list[int]:
        return self.stored.numbers

    def frames(self, numbers: Sequence[int] | None = None) -> Iterator[Frame]:
        return (stretched(frame, self.info) for frame in self.stored.frames(numbers))


def stretched(frame: Frame, info: SourceInfo) -> Frame:
    """A stored frame as large as those of the source that `info` tells of; the same where that is so."""
    size = info.width, info.height
    if size == info.stored_size:
        return frame
    return replace(
        frame,
        image=stretch(frame.image, size),
        original=None if frame.original is None else stretch(frame.original, size),
        alpha=None if frame.alpha is None else stretch(frame.alpha, size),
    )


def stretch(picture: NDArray[Any], size: Size) -> NDArray[Any]:
    """A stored picture, H×W or H×W×C of up to four channels, as large as with square pixels.

    Codes by cubic interpolation; light by linear, since lamps would have dark rings beside them.
    """
    light = picture.dtype == np.float32
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR if light else cv2.INTER_CUBIC))


def to_square(info: SourceInfo) -> NDArray[np.float64]:
    """2×3: from pixels as they are stored to square ones, the same where these are square; centres at whole numbers."""
    factors = np.array(info.stretched)
    return np.column_stack([np.diag(factors), (factors - 1) / 2])


def squeeze(
    picture: NDArray[Any], first: int, square: int, stored: int, axis: int, *, edge: bool = False
) -> tuple[NDArray[Any], int]:
    """A part of a picture with square pixels along one axis as it is stored: each pixel the mean of what it covers.

    picture: H×W or H×W×C of up to four channels, from row or column `first` on, of the `square` that the whole has;
    `stored` is how many those become. edge: what lies around the part is like its edge, else it is 0. Returns the part
    and its first row or column; no stored pixel that it touches is missing.
    """
    step = gcd(square, stored)
    block, fewer = square // step, stored // step  # so many pixels become so many, whole ones both
    low, high = first // block, -(-(first + picture.shape[axis]) // block)
    around = [(0, 0)] * picture.ndim
    around[axis] = (first - low * block, high * block - first - picture.shape[axis])
    whole = np.pad(picture, around, mode="edge" if edge else "constant")
    size = [whole.shape[1], whole.shape[0]]
    size[1 - axis] = (high - low) * fewer
    small = np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA))
    begin = first * stored // square - low * fewer
    end = -(-(first + picture.shape[axis]) * stored // square) - low * fewer
    kept = [slice(None)] * small.ndim
    kept[axis] = slice(begin, end)
    return small[tuple(kept)], low * fewer + begin
