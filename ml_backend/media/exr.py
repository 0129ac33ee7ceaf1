"""OpenEXR pictures in and out, by the `OpenEXR` library of the Academy Software Foundation."""

import math
import struct
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR
from numpy.typing import NDArray

from ml_backend.errors import BackendError, UsageError
from ml_backend.media.readable import require_readable
from ml_backend.media.timecode_words import (
    BINARY_GROUP_FLAGS,
    COLOUR_FRAME,
    DROP_FRAME,
    FIELD_PHASE,
    Words,
    join,
    pack,
    unpack,
)

Window = tuple[int, int, int, int]
"""x and y of the first pixel, width, height."""

Attribute = str | int | float | Fraction | tuple[float, ...]

_LARGEST = 2**28  # pixels; a damaged header can claim any size
_HALF_MAX = 65504
_MAIN = ("", "rgba", "rgb", "beauty", "combined", "main")  # how programs name the layer that is the picture
_TIMECODE = b"timeCode\0timecode\0" + struct.pack("<I", 8)  # name, type and size as they stand in a header


@dataclass(frozen=True)
class ExrPart:
    """One part of an EXR file: its name, and its channels as the file holds them, on the data window.

    `display` is the display window, of the size that the file's picture has.
    """

    name: str
    pixels: Mapping[str, NDArray[Any]]
    window: Window
    display: Window

    def stack(self, names: Sequence[str]) -> NDArray[np.float32]:
        """H×W×C float32 of some channels over the display window, 0 where the data window does not reach."""
        left, top = self.window[0] - self.display[0], self.window[1] - self.display[1]
        width, height = self.display[2:]
        right, bottom = min(left + self.window[2], width), min(top + self.window[3], height)
        stacked = np.zeros((height, width, len(names)), np.float32)
        if right > max(left, 0) and bottom > max(top, 0):
            rows, columns = slice(max(-top, 0), bottom - top), slice(max(-left, 0), right - left)
            for place, name in enumerate(names):
                stacked[max(top, 0) : bottom, max(left, 0) : right, place] = self.pixels[name][rows, columns]
        return stacked


@dataclass(frozen=True)
class ExrPicture:
    """One EXR file. Its picture is the display window of the first part, whatever the data windows are.

    words: its time code with flags and user data. fps: frames a second. pixel_aspect: how many times as wide as high
    its pixels are.
    """

    path: Path
    width: int
    height: int
    parts: Sequence[ExrPart]
    words: Words | None
    fps: Fraction | None
    chromaticities: tuple[float, ...] | None
    pixel_aspect: float

    @property
    def origin(self) -> tuple[int, int]:
        """x and y at which the display window begins."""
        return self.parts[0].display[:2]

    @property
    def timecode(self) -> str | None:
        """HH:MM:SS:FF, or HH:MM:SS;FF for drop frame; None where the file has no time of a day."""
        return None if self.words is None else unpack(self.words, self.fps)

    @property
    def channels(self) -> dict[str, NDArray[np.float32]]:
        """The channels of the first part, H×W, by their names in the file, such as R or diffuse.R."""
        part = self.parts[0]
        return {name: part.stack([name])[:, :, 0] for name in part.pixels}

    def rgb(self) -> NDArray[np.float32]:
        """H×W×3 of the layer that is the picture. BackendError where no layer has R, G and B, or grey.

        The layer without a name comes first, then one named as programs name the main one, then the first.
        """
        part, names = self._picture()
        return part.stack(names)

    def alpha(self) -> NDArray[np.float32] | None:
        """H×W of the layer that is the picture; None where it has none. Errors as in `rgb`."""
        part, names = self._picture()
        layer = names[0].rpartition(".")[0]
        found = [name for name in part.pixels if name.rpartition(".")[::2] in ((layer, "A"), (layer, "a"))]
        return part.stack(found[:1])[:, :, 0] if found and found[0] not in names else None

    def _picture(self) -> tuple[ExrPart, list[str]]:
        """The part that holds the picture, and its three channels there."""
        best: list[tuple[int, int, ExrPart, list[str]]] = []
        for part in self.parts:
            for layer, names in _layers(part.pixels).items():
                name = (layer.rpartition(".")[2] or part.name).lower()
                rank = _MAIN.index(name) if name in _MAIN else len(_MAIN)
                best.append((rank, len(best), part, names))
        if best:
            _, _, part, names = min(best, key=lambda one: one[:2])
            return part, names
        for part in self.parts:
            if "Y" in part.pixels or len(part.pixels) == 1:
                return part, ["Y" if "Y" in part.pixels else next(iter(part.pixels))] * 3
        held = ", ".join(sorted({name for part in self.parts for name in part.pixels})[:12]) or "nothing"
        raise BackendError(f"{self.path} has no colour picture, only {held}.", "Export it with R, G and B channels.")


def read_exr(path: Path) -> ExrPicture:
    """All parts and channels of scan-line and tiled files, in any compression.

    UsageError for a missing file; BackendError for deep files, for those with chroma of lower resolution, and for
    cut and damaged ones, as far as the format lets one see: only what ZIP has compressed carries a checksum.
    """
    require_readable(path)
    try:
        headers = [part.header for part in OpenEXR.File(str(path), separate_channels=True, header_only=True).parts]
        _check(path, headers)
        read = OpenEXR.File(str(path), separate_channels=True).parts
        if len(read) != len(headers):  # a part whose pixels cannot be read is left out without an error
            raise _damaged(path)
        size = _window(headers[0]["displayWindow"])[2:]
        found = [
            ExrPart(
                str(part.header.get("name", "")),
                {name: np.asarray(channel.pixels) for name, channel in part.channels.items()},
                _window(part.header["dataWindow"]),
                (*_window(part.header["displayWindow"])[:2], *size),
            )
            for part in read
        ]
    except BackendError:
        raise
    except Exception as error:  # the library raises whatever the damage leads to
        raise _damaged(path) from error
    first = headers[0]
    return ExrPicture(path, *size, found, _words(first), _rate(first), _primaries(first), _pixel_aspect(first))


def encode_exr(
    channels: Mapping[str, NDArray[np.float32]],
    *,
    half: bool = True,
    full: Collection[str] = (),
    data_window: Window | None = None,
    display: Window | None = None,
    attributes: Mapping[str, Attribute] | None = None,
) -> bytes:
    """An EXR file (scan lines, ZIP, lossless) of H×W float32 `channels` by name; the same input gives the same bytes.

    half: store 16-bit floats, values beyond ±65504 as these; `full` names channels that stay 32-bit all the same.
    data_window: where the channels lie (x, y, width, height), counted as the display window is; None: they are the
    picture. display: the picture; None: from 0, 0 on and as large as the data window. attributes: by OpenEXR's names,
    a Fraction as a rational; `timeCode` as `Words`, which are written as they are, or as text HH:MM:SS:FF, packed for
    the rate `framesPerSecond` and left out where its frame does not fit. UsageError for channels of another shape than
    the data window's.
    """
    if not channels:
        raise UsageError("A picture without channels cannot be written.", "Give at least one.")
    shape = next(iter(channels.values())).shape
    x, y, width, height = data_window or display or (0, 0, *shape[::-1])
    for name, values in channels.items():
        if values.shape != (height, width) or values.size == 0:
            raise UsageError(
                f"The channel {name} has the shape {values.shape}, its data window is {width}×{height}.",
                "Give every channel the size of the data window.",
            )
    stored = {
        name: _half(values) if half and name not in full else np.ascontiguousarray(values, np.float32)
        for name, values in channels.items()
    }
    header: dict[str, Any] = {
        "compression": OpenEXR.ZIP_COMPRESSION,
        "type": OpenEXR.scanlineimage,
        "dataWindow": _corners(x, y, width, height),
        "displayWindow": _corners(*(display or (0, 0, width, height))),
    }
    header |= {name: value for name, value in (attributes or {}).items() if name != "timeCode"}
    words = _wanted_words(attributes or {})
    if words is not None:
        header["timeCode"] = OpenEXR.TimeCode()  # keeps the place: the library takes no frame above 29
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "picture.exr"
        try:
            OpenEXR.File(header, stored).write(str(file))
        except Exception as error:  # the library has no kind of its own for a disk that is full
            raise OSError(f"the temporary file {file} could not be written ({error})") from error
        data = file.read_bytes()
    if words is None:
        return data
    at = data.index(_TIMECODE) + len(_TIMECODE)
    return data[:at] + struct.pack("<II", *words) + data[at + 8 :]


def _check(path: Path, headers: list[dict[str, Any]]) -> None:
    if not headers:
        raise _damaged(path)
    for header in headers:
        if header.get("type") in (OpenEXR.deepscanline, OpenEXR.deeptile):
            raise BackendError(f"{path} is a deep picture.", "Export it flattened.")
        if any((channel.xSampling, channel.ySampling) != (1, 1) for channel in header["channels"]):
            raise BackendError(f"{path} stores chroma at a lower resolution.", "Export it with R, G and B channels.")
        for window in (_window(header["dataWindow"]), _window(header["displayWindow"])):
            if window[2] < 1 or window[3] < 1 or window[2] * window[3] > _LARGEST:
                raise _damaged(path)


def _layers(pixels: Mapping[str, NDArray[Any]]) -> dict[str, list[str]]:
    """The names of R, G and B by the layer's name, for the layers that have all three."""
    found: dict[str, dict[str, str]] = {}
    for name in pixels:
        layer, _, component = name.rpartition(".")
        found.setdefault(layer, {})[component.upper()] = name
    return {layer: [names[c] for c in "RGB"] for layer, names in found.items() if {"R", "G", "B"} <= names.keys()}


def _window(box: Any) -> Window:
    (x0, y0), (x1, y1) = box
    return int(x0), int(y0), int(x1) - int(x0) + 1, int(y1) - int(y0) + 1


def _corners(x: int, y: int, width: int, height: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    return np.array([x, y], np.int32), np.array([x + width - 1, y + height - 1], np.int32)


def _half(values: NDArray[np.float32]) -> NDArray[np.float16]:
    return np.ascontiguousarray(np.clip(values, -_HALF_MAX, _HALF_MAX), np.float16)


def _words(header: Mapping[str, Any]) -> Words | None:
    code = header.get("timeCode")
    if not isinstance(code, OpenEXR.TimeCode):
        return None
    set_or_not = (code.dropFrame, code.colorFrame, code.fieldPhase, code.bgf0, code.bgf1, code.bgf2)
    bits = (DROP_FRAME, COLOUR_FRAME, FIELD_PHASE, *BINARY_GROUP_FLAGS)
    flags = sum(bit for bit, is_set in zip(bits, set_or_not, strict=True) if is_set)
    return join(code.hours, code.minutes, code.seconds, code.frame, flags, code.userData)


def _rate(header: Mapping[str, Any]) -> Fraction | None:
    rate = header.get("framesPerSecond")
    try:
        found = Fraction(rate) if rate is not None else Fraction(0)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return found if found > 0 else None


def _primaries(header: Mapping[str, Any]) -> tuple[float, ...] | None:
    """x and y of red, green, blue and white."""
    values = header.get("chromaticities")
    return None if values is None else tuple(float(value) for value in values)


def _pixel_aspect(header: Mapping[str, Any]) -> float:
    aspect = float(header.get("pixelAspectRatio", 1))
    return aspect if 0 < aspect < math.inf else 1.0


def _wanted_words(attributes: Mapping[str, Attribute]) -> Words | None:
    code, fps = attributes.get("timeCode"), attributes.get("framesPerSecond")
    if code is None or isinstance(code, Words):
        return code
    return pack(str(code), fps if isinstance(fps, Fraction) else None)


def _damaged(path: Path) -> BackendError:
    return BackendError(f"{path} is cut off or damaged.", "Copy or export this picture again.")
