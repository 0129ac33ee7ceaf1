"""What a swap paints over a frame of its plate."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ml_backend.media.colour import Colour
from ml_backend.media.frame import Frame, Pixels, Size
from ml_backend.media.square_pixels import stretch
from ml_backend.swapping.blend import Mask, composite, from_unit, to_unit
from ml_backend.swapping.layer_file import read_layer
from ml_backend.swapping.manifest import FrameRecord


@dataclass(frozen=True)
class Overlay:
    """picture: the plate with the layer over it, H×W×3 RGB as the plate's `image`. alpha: H×W float32 in 0–1."""

    picture: Pixels
    alpha: Mask


def overlay(folder: Path, record: FrameRecord, plate: Frame, colour: Colour, stored: Size) -> Overlay:
    """A frame of the swap in `folder` over its plate, as the edit shows it; `colour` is that of the layers.

    stored: the size of the plate's pictures, and so of the layers. Raises BackendError where the layer is damaged or
    does not fit the plate.
    """
    layer = read_layer(folder / record.file, stored[::-1], record.window, colour)
    size = plate.image.shape[1], plate.image.shape[0]
    if size != stored:
        layer = np.dstack([layer[..., :3] * layer[..., 3:], layer[..., 3]])
        layer = stretch(layer, size)
        layer[..., :3] /= np.maximum(layer[..., 3:], 1e-6)
    alpha = np.ascontiguousarray(layer[..., 3])
    shown = composite(to_unit(plate.image), layer[..., :3], alpha)
    return Overlay(from_unit(shown, plate.image), alpha)
