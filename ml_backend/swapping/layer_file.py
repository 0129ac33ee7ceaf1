"""The file of one frame's layer: PNG or EXR, the whole frame or only the part around the faces."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ml_backend.errors import BackendError, UsageError
from ml_backend.media.chromaticities import chromaticities_of
from ml_backend.media.colour import LINEAR, Colour, LightColour, Linear
from ml_backend.media.exr import Attribute, encode_exr, read_exr
from ml_backend.media.frame import Pixels, Size, SourceInfo
from ml_backend.media.timecode_words import Timecode, Words
from ml_backend.media.write import encode_png, read_picture

from .blend import from_unit, to_unit
from .layer import Layer, squeeze_layer
from .settings import SwapSettings

Kind = Literal["png8", "png16", "exr"]
Window = tuple[int, int, int, int]
"""x and y of the first pixel, width, height; y counts from the top."""

SINGLE = ("uv.U", "uv.V")  # a place in a large face needs more than the 11 bits of a half
_NAMES = {"raw": ("R", "G", "B"), "mask": ("A",), "visible": ("A",), "uv": ("U", "V")}
_PUBLIC = {"visible": "occlusion"}  # as compositors look for it: 1 where nothing lies before the face


@dataclass(frozen=True)
class LayerFormat:
    """How the layers of a swap are written. width, height: of the plate as it is stored, as are pixel_aspect and
    origin, which an EXR says. square: the size at which layers are made, where it is another. colour: what the written
    values mean.

    alpha: PNG is straight; EXR is premultiplied, in linear light.
    """

    kind: Kind
    crop: bool
    layers: bool
    width: int
    height: int
    colour: Colour
    fps: Fraction | None = None
    names: str = "######"
    pixel_aspect: float = 1.0
    origin: tuple[int, int] = (0, 0)
    square: Size | None = None

    @property
    def alpha(self) -> Literal["straight", "premultiplied"]:
        return "premultiplied" if self.kind == "exr" else "straight"

    @property
    def stored(self) -> Size:
        """The size of a frame's picture in the plate's files, and of the swap's that are not cropped."""
        return self.width, self.height

    @property
    def made(self) -> Size:
        """The size of the frames on which layers are made."""
        return self.square or self.stored

    @property
    def whole(self) -> Window:
        """The window of a file that is not cropped."""
        return 0, 0, self.width, self.height

    def file(self, number: int) -> str:
        digits = self.names.count("#")
        return self.names.replace("#" * digits, f"{number:0{digits}d}") + self.suffix

    @property
    def suffix(self) -> str:
        return ".exr" if self.kind == "exr" else ".png"


def choose_format(settings: SwapSettings, info: SourceInfo, colour: Colour) -> LayerFormat:
    """PNG8 for 8-bit plates, PNG16 for deeper ones, EXR for floating-point ones or where it is asked for.

    Raises UsageError for PNG of a floating-point plate, which would cut what is brighter than white, and for layers
    in PNG.
    """
    floating = info.bit_depth == 32
    if settings.output == "png" and floating:
        raise UsageError(
            f"The swap setting output=png would cut what is brighter than white in {info.path}.",
            "Use output=auto or output=exr.",
        )
    exr = settings.output == "exr" or floating
    if settings.layers and not exr:
        raise UsageError("The swap setting layers=true needs EXR.", "Add output=exr.")
    kind: Kind = "exr" if exr else "png8" if info.bit_depth == 8 else "png16"
    meaning = as_light(colour) if exr else colour
    how = LayerFormat(
        kind,
        settings.crop,
        settings.layers,
        *info.stored_size,
        meaning,
        info.fps,
        pixel_aspect=info.pixel_aspect,
        origin=info.origin,
        square=(info.width, info.height),
    )
    return how if settings.names is None else replace(how, names=_without(how.suffix, settings.names))


def _without(suffix: str, names: str) -> str:
    """The names without the file type, if they say one. Raises UsageError for another than what is written."""
    other = ".png" if suffix == ".exr" else ".exr"
    if names.lower().endswith(other):
        raise UsageError(
            f"The swap setting names={names} does not fit: the files are {suffix[1:].upper()}.",
            f"Say names={names[: -len(other)]}, or choose another output.",
        )
    return names.removesuffix(suffix)


def as_light(colour: Colour) -> Colour:
    """Linear light in the plate's own primaries, Rec.709 where they are not known: what an EXR of it holds."""
    if not isinstance(colour, LightColour):
        return LINEAR
    if isinstance(colour.curve, Linear):
        return replace(colour, white=1.0)
    if isinstance(colour.gamut, Linear):
        return replace(LINEAR, gain=colour.gain)
    return replace(colour, name=f"Linear {colour.name.split()[-1]}", curve=Linear(), white=1.0)


def encode(layer: Layer, how: LayerFormat, window: Window | None = None, timecode: Timecode | None = None) -> bytes:
    """The file of a frame. window: the part of the frame that it holds, None for the whole of it.

    timecode: of the plate's frame; an EXR gets it word for word where the plate is one, and a PNG has no place for it.
    A cropped EXR tells the frame's size by its display window, but Blender shows the part alone, as it does with a PNG.
    """
    part = squeeze_layer(layer, how.made, how.stored)
    if not part.rgba.size:
        part = Layer(0, 0, np.zeros((1, 1, 4), np.float32), {})
    if how.kind == "exr":
        return _exr(part, how, window, timecode)
    rgba = from_unit(part.rgba, np.zeros(0, np.uint8 if how.kind == "png8" else np.uint16))
    return encode_png(_moved(rgba, part.window, window or how.whole))


def encode_again(file: Path, how: LayerFormat, window: Window, wanted: Window) -> bytes:
    """A file that `encode` has made of the part `window` of a frame, as it would make it of the part `wanted`.

    It keeps its time code. Raises BackendError where the file is damaged.
    """
    if how.kind != "exr":
        return encode_png(_moved(read_picture(file), window, wanted))
    picture = read_exr(file)
    stored = {name: np.asarray(values, np.float32) for name, values in picture.parts[0].pixels.items()}
    return _with_header(stored, how, window, wanted, picture.words)


def _moved(values: NDArray[Any], window: Window, wanted: Window, around: float = 0) -> NDArray[Any]:
    """The values on one part of a frame (H×W or H×W×C) on another part, `around` where they do not reach."""
    (x, y), (left, top, width, height) = window[:2], wanted
    whole = np.full((height, width, *values.shape[2:]), around, values.dtype)
    there = slice(max(y, top) - top, min(y + window[3], top + height) - top)
    across = slice(max(x, left) - left, min(x + window[2], left + width) - left)
    if there.stop > there.start and across.stop > across.start:
        rows = slice(there.start + top - y, there.stop + top - y)
        columns = slice(across.start + left - x, across.stop + left - x)
        whole[there, across] = values[rows, columns]
    return whole


def _exr(layer: Layer, how: LayerFormat, window: Window | None, timecode: Timecode | None) -> bytes:
    alpha = layer.rgba[..., 3]
    channels = {name: layer.rgba[..., n] * alpha for n, name in enumerate("RGB")} | {"A": alpha}
    for name, components in _NAMES.items() if how.layers else ():  # the same ones on every frame
        nothing = np.full((*alpha.shape, len(components)), name == "visible", np.float32)
        planes = layer.layers.get(name, nothing).reshape(nothing.shape)
        for n, component in enumerate(components):
            channels[f"{_PUBLIC.get(name, name)}.{component}"] = np.ascontiguousarray(planes[..., n])
    code = (timecode.words or timecode.text) if timecode else None
    return _with_header(channels, how, layer.window, window or how.whole, code)


def _with_header(
    channels: Mapping[str, NDArray[np.float32]],
    how: LayerFormat,
    window: Window,
    wanted: Window,
    timecode: Words | str | None,
) -> bytes:
    """An EXR of the channels, which lie on `window`, on the part `wanted` of the frame."""
    attributes: dict[str, Attribute] = {"pixelAspectRatio": how.pixel_aspect}
    if how.fps is not None:
        attributes["framesPerSecond"] = how.fps
    chromaticities = chromaticities_of(how.colour)
    if chromaticities is not None:
        attributes["chromaticities"] = chromaticities
    if timecode is not None:
        attributes["timeCode"] = timecode
    # Blender shows what lies in the data window, as if it were all
    placed = {
        name: _moved(values, window, wanted, around=float(name == "occlusion.A")) for name, values in channels.items()
    }
    left, top = how.origin
    there = (wanted[0] + left, wanted[1] + top, *wanted[2:])
    display = (left, top, how.width, how.height)
    return encode_exr(placed, full=SINGLE, data_window=there, display=display, attributes=attributes)


def read_layer(file: Path, shape: tuple[int, int], window: Window | None, colour: Colour) -> NDArray[np.float32]:
    """The layer in `file` as a display picture with straight alpha, H×W×4 float32, on the whole frame of `shape`.

    window: the part that it holds. colour: what the written values mean. Raises BackendError where the file is not of
    such a frame.
    """
    if file.suffix == ".exr":
        channels = read_exr(file).channels
        if not {"R", "G", "B", "A"} <= channels.keys():
            raise BackendError(f"{file} has no layer with alpha.", "Delete it and run the same swap again.")
        stored = np.dstack([channels[name] for name in "RGBA"])
        alpha = stored[..., 3:]
        straight = np.where(alpha > 0, stored[..., :3] / np.maximum(alpha, 1e-6), 0).astype(np.float32)
        part = np.dstack([colour.to_display(straight).picture, alpha]).astype(np.float32)
    else:
        try:
            pixels: Pixels = read_picture(file)
        except BackendError as error:
            raise BackendError(f"{file} is damaged.", "Delete it and run the same swap again.") from error
        if pixels.shape[2] != 4:
            raise BackendError(f"{file} has no alpha.", "Delete it and run the same swap again.")
        part = to_unit(pixels)
        part[..., :3] = colour.to_display(np.ascontiguousarray(pixels[..., :3])).picture
    if file.suffix == ".exr":
        window = None  # the reader has put it in its place
    expected = shape if window is None else (window[3], window[2])
    if part.shape[:2] != expected:
        raise BackendError(
            f"{file} is {part.shape[1]}×{part.shape[0]}, the swap says {expected[1]}×{expected[0]}.",
            "Delete it and run the same swap again.",
        )
    if window is None:
        return part
    whole = np.zeros((*shape, 4), np.float32)
    x, y, width, height = window
    whole[y : y + height, x : x + width] = part
    return whole
