"""All made faces of one frame as one layer with straight alpha."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.media.frame import Pixels, Size
from ml_backend.media.square_pixels import squeeze

from .blend import Picture, composite, from_unit, to_unit
from .painting import Painted

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Layer:
    """The part of a frame that a swap touches, from column `x` and row `y` of the frame on.

    rgba: H×W×4 straight; the colour in the unit that it was painted for (integers as 0–1). layers: as `Painted` has
    them. Both are of size 0 where no face is replaced.
    """

    x: int
    y: int
    rgba: Array
    layers: Mapping[str, Array]

    @property
    def window(self) -> tuple[int, int, int, int]:
        """x, y, width and height."""
        return self.x, self.y, self.rgba.shape[1], self.rgba.shape[0]


def combine(faces: Sequence[Painted]) -> Layer:
    """One layer of all faces, those that come later over those before; trimmed to where there is any alpha."""
    if not faces:
        return Layer(0, 0, np.zeros((0, 0, 4), np.float32), {})
    top, left = min(face.rows.start for face in faces), min(face.columns.start for face in faces)
    bottom, right = max(face.rows.stop for face in faces), max(face.columns.stop for face in faces)
    rgba = np.zeros((bottom - top, right - left, 4), np.float32)
    layers: dict[str, Array] = {}
    for face in faces:
        rows = slice(face.rows.start - top, face.rows.stop - top)
        part = (rows, slice(face.columns.start - left, face.columns.stop - left))
        if len(faces) > 1:
            rgba[part] = over(face.colour, face.alpha, rgba[part])
        else:
            seen = cv2.copyTo(face.colour, (face.alpha > 0).astype(np.uint8))
            cv2.mixChannels([seen, face.alpha], [rgba], [0, 0, 1, 1, 2, 2, 3, 3])
        for name, values in face.layers.items():
            whole = layers.setdefault(name, np.zeros((*rgba.shape[:2], *values.shape[2:]), np.float32))
            # of two faces, the nearer one, which comes later, tells what lies here
            own = face.layers["mask"] > 0 if len(faces) > 1 else np.ones(face.alpha.shape, bool)
            whole[part][own] = values[own]
    return _trimmed(Layer(left, top, rgba, layers))


def _trimmed(layer: Layer) -> Layer:
    seen = layer.rgba[..., 3] > 0
    if "mask" in layer.layers:  # also where the opacity is 0
        seen |= layer.layers["mask"] > 0
    rows, columns = np.nonzero(seen.any(1))[0], np.nonzero(seen.any(0))[0]
    if not rows.size:
        return combine([])
    part = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    layers = {name: values[part] for name, values in layer.layers.items()}
    return Layer(layer.x + int(columns[0]), layer.y + int(rows[0]), layer.rgba[part], layers)


def over(colour: Array, alpha: Array, below: Array) -> Array:
    """A straight-alpha layer (H×W×3 and H×W) over another one (H×W×4): H×W×4 straight.

    What has no weight does not count, whatever its colour: light can be infinite.
    """
    beneath = below[..., 3] * (1 - alpha)
    total = alpha + beneath
    mixed = _weighed(colour, alpha) + _weighed(below[..., :3], beneath)
    mixed = np.where(total[..., None] > 0, mixed / np.maximum(total, 1e-6)[..., None], 0)
    return np.dstack([mixed, total]).astype(np.float32)


def _weighed(colour: Array, weight: Array) -> Array:
    return np.where(weight[..., None] > 0, colour, np.float32(0)) * weight[..., None]


def squeeze_layer(layer: Layer, square: Size, stored: Size) -> Layer:
    """A layer of a frame with square pixels as one of the frame as it is stored; the same where that is so."""
    if square == stored or not layer.rgba.size:
        return layer
    axis = 1 if square[0] != stored[0] else 0
    first, lengths = (layer.y, layer.x)[axis], (square[1 - axis], stored[1 - axis])
    alpha = layer.rgba[..., 3]
    weighed, place = squeeze(np.dstack([_weighed(layer.rgba[..., :3], alpha), alpha]), first, *lengths, axis)
    rgba = np.dstack([weighed[..., :3] / np.maximum(weighed[..., 3:], 1e-6), weighed[..., 3]]).astype(np.float32)
    layers = {name: squeeze(values, first, *lengths, axis, edge=True)[0] for name, values in layer.layers.items()}
    return Layer(place, layer.y, rgba, layers) if axis else Layer(layer.x, place, rgba, layers)


def full_frame(layer: Layer, plate: Pixels) -> Pixels:
    """The layer as H×W×4 RGBA of the whole frame, straight, in the type of `plate` (uint8 or uint16)."""
    x, y, width, height = layer.window
    rgba: Pixels = np.zeros((*plate.shape[:2], 4), plate.dtype)
    rgba[y : y + height, x : x + width] = from_unit(layer.rgba, plate)
    return rgba


def flatten(plate: Pixels, rgba: Pixels) -> Pixels:
    """Plate with the layer over it, H×W×3 in the plate's type: what the edit shows."""
    layer = to_unit(rgba)
    shown: Picture = composite(to_unit(plate), layer[..., :3], layer[..., 3])
    return from_unit(shown, plate)
