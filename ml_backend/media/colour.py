"""What a plate's values mean: from what the file holds to a display picture 0–1, and back without loss."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple, Protocol, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.media.frame import Frame, Pixels, Stored
from ml_backend.media.timecode_words import Timecode
from ml_backend.media.transfer import (
    BT2020,
    P3,
    REC709,
    Floats,
    Primaries,
    hlg_decode,
    hlg_encode,
    hlg_show,
    hlg_unshow,
    pq_decode,
    pq_encode,
    primaries_matrix,
    srgb_decode,
    srgb_encode,
)

_STRIP = 32  # rows at a time that stay in the processor's cache


class Display(NamedTuple):
    """A picture as a screen shows it, and the light that it cannot hold.

    picture: H×W×3 RGB float32 in 0–1, sRGB-like, without infinities.
    beyond: H×W×3 float32, in linear light of the plate's primaries: the plate's light less the picture's. Above
    white, negative, or a colour outside Rec.709; otherwise 0 but for rounding. None where the picture holds all.
    """

    picture: Floats
    beyond: Floats | None


class Colour(Protocol):
    """`from_display(*to_display(stored))` is `stored` again, as float32 (integers: divided by 255 or 65535)."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str:
        """Changes with the definition of a space that a configuration file defines."""

    def to_display(self, stored: Stored) -> Display:
        """`stored` is H×W×3 RGB as the file holds it, whole or any part of a frame."""

    def from_display(self, picture: Floats, beyond: Floats | None) -> Floats:
        """H×W×3 in the plate's unit: light for a float plate, 0–1 of the code range for an integer one, unrounded.

        `beyond` is the plate's own at these pixels. A changed picture keeps it: highlights stay above white.
        """


@dataclass(frozen=True)
class DisplayColour:
    """A plate that is a display picture already. Values are only scaled."""

    name: str = "sRGB"
    version: str = ""

    def to_display(self, stored: Stored) -> Display:
        return Display(unit(stored), None)

    def from_display(self, picture: Floats, beyond: Floats | None) -> Floats:
        return picture


class Curve(Protocol):
    """Between the plate's values (float32; integers as 0–1) and linear light in the plate's primaries."""

    @property
    def per_channel(self) -> bool:
        """Does each value depend on its own code alone?"""

    def decode(self, code: Floats) -> Floats: ...

    def encode(self, light: Floats) -> Floats: ...

    def __hash__(self) -> int: ...


class Gamut(Protocol):
    """Between the plate's linear light and linear Rec.709 light as it is shown."""

    def to_rec709(self, light: Floats) -> Floats: ...

    def from_rec709(self, light: Floats) -> Floats: ...


@dataclass(frozen=True)
class LightColour:
    """A plate that becomes linear light: the picture is the sRGB curve of that light times `gain`, cut to 0–1.

    white: the stored value (0–1) that is code value 1.0; 16-bit RGB made of a YUV movie has it below 65535.
    gain: how much brighter the picture is than the plate; what a display cannot show is told by it alone.
    """

    name: str
    curve: Curve
    gamut: Gamut
    white: float = 1.0
    version: str = ""
    gain: float = 1.0

    def to_display(self, stored: Stored) -> Display:
        light = self._light(stored)
        picture = srgb_encode(_cut(self._exposed(light)))
        with np.errstate(invalid="ignore"):  # infinities of a float plate stay what they are
            return Display(picture, light - self._shown(picture))

    def from_display(self, picture: Floats, beyond: Floats | None) -> Floats:
        light = self._shown(picture)
        if beyond is not None:
            light = light + beyond
        return self.curve.encode(light) * np.float32(self.white)

    def image(self, stored: Stored) -> Pixels:
        """The display picture alone as uint16, to one code, in a fraction of the time of `to_display`."""
        image = np.empty(stored.shape, np.uint16)
        table = _display_by_root()
        for row in range(0, len(image), _STRIP):
            rows = slice(row, row + _STRIP)
            root = np.sqrt(_cut(self._exposed(self._light(stored[rows]))))
            image[rows] = table[(root * np.float32(65535) + np.float32(0.5)).astype(np.uint16)]
        return image

    def _light(self, stored: Stored) -> Floats:
        if stored.dtype == np.float32 or not self.curve.per_channel:
            return self.curve.decode(unit(stored) * np.float32(1 / self.white))
        return np.asarray(_table(self.curve, self.white, stored.dtype.name)[stored], np.float32)

    def _exposed(self, light: Floats) -> Floats:
        shown = self.gamut.to_rec709(light)
        return shown if self.gain == 1 else shown * np.float32(self.gain)

    def _shown(self, picture: Floats) -> Floats:
        shown = srgb_decode(picture)
        return self.gamut.from_rec709(shown if self.gain == 1 else shown * np.float32(1 / self.gain))


@dataclass(frozen=True)
class Functions:
    """A curve of two functions that look at each channel by itself."""

    decode: Callable[[Floats], Floats]
    encode: Callable[[Floats], Floats]
    per_channel: bool = True


@dataclass(frozen=True)
class Linear:
    """Light as it is: the curve of scene-linear plates and the gamut of Rec.709."""

    per_channel: bool = True

    def decode(self, code: Floats) -> Floats:
        return code

    def encode(self, light: Floats) -> Floats:
        return light

    def to_rec709(self, light: Floats) -> Floats:
        return light

    def from_rec709(self, light: Floats) -> Floats:
        return light


@dataclass(frozen=True)
class RgbGamut:
    """Primaries with white D65."""

    primaries: Primaries

    def to_rec709(self, light: Floats) -> Floats:
        return _times(light, primaries_matrix(self.primaries, REC709))

    def from_rec709(self, light: Floats) -> Floats:
        return _times(light, primaries_matrix(REC709, self.primaries))


@dataclass(frozen=True)
class HlgScene(RgbGamut):
    """HLG's scene light in BT.2020, which its reference display shows by the OOTF."""

    def to_rec709(self, light: Floats) -> Floats:
        return super().to_rec709(hlg_show(light))

    def from_rec709(self, light: Floats) -> Floats:
        return hlg_unshow(super().from_rec709(light))


PlateColour = DisplayColour | LightColour

PLAIN = DisplayColour()
FLOAT_SRGB = LightColour("sRGB", Functions(srgb_decode, srgb_encode), Linear())
LINEAR = LightColour("Linear Rec.709", Linear(), Linear())
SDR_2020 = LightColour("SDR BT.2020", Functions(srgb_decode, srgb_encode), RgbGamut(BT2020))
SDR_P3 = LightColour("SDR P3-D65", Functions(srgb_decode, srgb_encode), RgbGamut(P3))
PQ_709 = LightColour("PQ Rec.709", Functions(pq_decode, pq_encode), Linear())
PQ_2020 = LightColour("PQ BT.2020", Functions(pq_decode, pq_encode), RgbGamut(BT2020))
PQ_P3 = LightColour("PQ P3-D65", Functions(pq_decode, pq_encode), RgbGamut(P3))
HLG_2020 = LightColour("HLG BT.2020", Functions(hlg_decode, hlg_encode), HlgScene(BT2020))

_NAMED = (PLAIN, LINEAR, SDR_2020, SDR_P3, PQ_709, PQ_2020, PQ_P3, HLG_2020)
KNOWN: dict[str, PlateColour] = {colour.name.lower(): colour for colour in _NAMED}
"""The colour spaces that need no OpenColorIO, by their names in lower case."""


def settle(asked: PlateColour | None, depth: int) -> PlateColour:
    """The colour of stored pictures of `depth` bits: as asked for, else integers are display values, floats light."""
    if depth == 32:
        return LINEAR if asked is None else FLOAT_SRGB if isinstance(asked, DisplayColour) else asked
    return asked or PLAIN


def exposed(colour: PlateColour, stops: float) -> PlateColour:
    """The same colour looked at `stops` brighter, or darker where they are negative. Values mean what they meant."""
    light = FLOAT_SRGB if isinstance(colour, DisplayColour) else colour
    named = f"{light.version}@{stops:+g}"
    return colour if stops == 0 else replace(light, gain=light.gain * 2.0**stops, version=named)


def make_frame(
    number: int, stored: Stored, colour: PlateColour, timecode: Timecode | None = None, alpha: Floats | None = None
) -> Frame:
    """The frame of what a file holds; its `image` is what a screen shows."""
    if isinstance(colour, LightColour):
        return Frame(number, colour.image(stored), stored, timecode, alpha)
    return Frame(number, cast(Pixels, stored), timecode=timecode, alpha=alpha)


def unit(stored: Stored) -> Floats:
    """Integers as 0–1 of their range; float values as they are."""
    if stored.dtype == np.float32:
        return cast(Floats, stored)
    return np.divide(stored, np.float32(255 if stored.dtype == np.uint8 else 65535), dtype=np.float32)


def _cut(light: Floats) -> Floats:
    """Light cut to 0–1; what is not a number becomes 0, which clip() would keep."""
    return np.fmin(np.fmax(light, np.float32(0)), np.float32(1))


def _times(light: Floats, matrix: NDArray[np.float64]) -> Floats:
    return np.asarray(cv2.transform(np.ascontiguousarray(light), matrix), np.float32)


@lru_cache(maxsize=8)
def _table(curve: Curve, white: float, kind: str) -> Floats:
    """The light of every code of an integer type."""
    codes = np.arange(np.iinfo(kind).max + 1, dtype=kind)
    return curve.decode(unit(codes) * np.float32(1 / white))


@lru_cache(maxsize=1)
def _display_by_root() -> NDArray[np.uint16]:
    """sRGB codes of 16 bit by the square root of linear light in 16 bit: in steps as even as the codes' own."""
    root = np.linspace(0, 1, 65536, dtype=np.float32)
    return np.asarray(np.rint(srgb_encode(root * root) * np.float32(65535)), np.uint16)
