"""How light a face is, and where its exposure has lost the skin."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml_backend.media.frame import Pixels

from .regions import eyes_and_mouth, face_mask

_REC709 = np.array([0.2126, 0.7152, 0.0722], np.float32)
_DARK, _BRIGHT = 0.02, 0.98  # what lies beyond is noise, or clipped


@dataclass(frozen=True)
class Light:
    """skin: the median luminance, 0–1 as coded in the picture. dark, bright: the parts of the skin that are lost.

    hue: of the skin's median colour in degrees, −180 to 180: 0 is red, 60 yellow, −60 purple, −120 blue.
    """

    skin: float
    dark: float
    bright: float
    hue: float


def luminance(image: Pixels) -> NDArray[np.float32]:
    """H×W float32 in 0–1 of H×W×3 RGB, as coded: of no use for adding light, good for telling what is visible."""
    grey: NDArray[np.float32] = image.astype(np.float32) @ _REC709 / np.float32(np.iinfo(image.dtype).max)
    return grey


def measure_light(image: Pixels, points: NDArray[np.float64]) -> Light:
    """The light on the skin of the face with these mesh points (478×2 pixels): its oval without eyes and lips.

    bright counts pixels with any channel at its end, dark those with no light in them. Where the skin has no pixel
    in the picture, all of it counts as dark.
    """
    shape = (image.shape[0], image.shape[1])
    skin = (face_mask(shape, points) > 0.5) & (eyes_and_mouth(shape, points) < 0.5)
    if not skin.any():
        return Light(0.0, 1.0, 0.0, 0.0)
    values = luminance(image)[skin]
    highest = image[skin].max(1) / np.float32(np.iinfo(image.dtype).max)
    red, green, blue = (float(value) for value in np.median(image[skin], axis=0))
    return Light(
        skin=float(np.median(values)),
        dark=float((values < _DARK).mean()),
        bright=float((highest > _BRIGHT).mean()),
        hue=math.degrees(math.atan2(math.sqrt(3) * (green - blue), 2 * red - green - blue)),
    )
