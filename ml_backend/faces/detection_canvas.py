"""What the detector's network sees: a part of the picture on a canvas, made lighter where it is dark, and turned."""

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.media.frame import Pixels

from .detection_views import MULTIPLE, View
from .onnx_model import as_8bit_range

_LIGHT = 128  # the brightest parts of a canvas are lifted to this, in 0–255
_GAIN = 16  # at most: four stops as coded, about nine of light
_SAMPLE = 4  # every so many rows and columns say how light a canvas is


def draw(image: Pixels, view: View) -> NDArray[np.integer | np.float32]:
    """The view of an H×W×3 RGB picture, values 0–255, on a black canvas of whole multiples, upper left."""
    part = image[view.top : view.bottom, view.left : view.right]
    shrinks = view.width < view.right - view.left
    kind = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    seen = cast(Pixels, cv2.resize(part, (view.width, view.height), interpolation=kind))
    lifted = _lifted(as_8bit_range(seen))
    canvas = np.zeros((_ceil(view.height), _ceil(view.width), 3), lifted.dtype)
    canvas[: view.height, : view.width] = lifted
    return canvas


def turn_back(places: NDArray[np.float64], quarters: int, width: int, height: int) -> NDArray[np.float64]:
    """Where places (…×2) on np.rot90(canvas, quarters) are on the canvas, width × height; all from its edge."""
    x, y = places[..., 0], places[..., 1]
    turned = [(x, y), (width - y, x), (width - x, height - y), (y, height - x)][quarters]
    return np.stack(turned, -1)


def _lifted(seen: NDArray[np.integer | np.float32]) -> NDArray[np.integer | np.float32]:
    """A dark picture (0–255) made lighter: gain alone, so that its noise stays noise; others as they are."""
    brightest = seen[::_SAMPLE, ::_SAMPLE].max(2).ravel()
    last = int(0.98 * (len(brightest) - 1))
    light = float(np.partition(brightest, last)[last])
    if light >= _LIGHT:
        return seen
    gain = np.float32(min(_GAIN, _LIGHT / max(light, 1e-3)))
    lifted: NDArray[np.float32] = np.minimum(seen * gain, np.float32(255))
    return lifted


def _ceil(side: int) -> int:
    return -(-side // MULTIPLE) * MULTIPLE
