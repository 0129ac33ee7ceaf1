"""Lay the made face over the plate: what colour and what alpha every pixel gets."""

import math
from typing import Literal

from .light import relight
from .multiband import multiband
from .pictures import Mask, Picture, composite, from_unit, masked, to_unit
from .poisson import poisson

Method = Literal["feather", "multiband", "poisson", "light"]
EDGE = 0.15  # the edge of multiband's widest band, in eye distances


def blend(method: Method, plate: Picture, made: Picture, mask: Mask, unit: float) -> tuple[Picture, Mask]:
    """Colour H×W×3 and alpha H×W with which the made face (H×W×3) lies in the plate (H×W×3) under a mask (H×W).

    unit: the distance of the outer eye corners in pixels of these pictures. The composite is
    plate + (colour − plate) · alpha. The alpha is exactly 0 farther than `EDGE` · unit (at least 2) pixels from the
    mask; the colour may leave 0–1.

    feather: the made face as it is, under the soft mask. multiband: every octave of detail over an edge of its own
    width. poisson: the made face's gradients from the plate's colours inwards. light: the made face's detail on the
    plate's light and contrast, with multiband's edge.
    """
    if method == "feather":
        return made, mask
    if method == "poisson":
        return poisson(plate, made, mask, unit)
    if method == "light":
        made = relight(plate, made, mask, unit)
    return multiband(plate, made, mask, max(1, round(math.log2(max(2.0, EDGE * unit)))))


__all__ = ["Mask", "Method", "Picture", "blend", "composite", "from_unit", "masked", "multiband", "to_unit"]
