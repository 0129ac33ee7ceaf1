"""Measure how the made face's colours differ from the plate's, and change them by what was measured.

Measuring and changing are apart, so that what is measured can be averaged over neighbouring frames first: colours that
are matched frame by frame flicker. Every method's parameters have one shape, whatever the picture's size, and a mean of
parameters is a parameter.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .affine import apply_affine, measure_mean, measure_mkl, measure_reinhard
from .histogram import apply_histogram, measure_histogram
from .light import apply_light, measure_light
from .statistics import Picture, Weights
from .transport import apply_transport, measure_transport

Method = Literal["none", "mean", "reinhard", "mkl", "histogram", "transport", "light"]
Parameters = NDArray[np.float32]
LEAST = 16.0  # fewer pixels say nothing about a face

_METHODS: Mapping[
    str, tuple[Callable[[Picture, Picture, Weights], Parameters], Callable[[Picture, Parameters], Picture]]
] = MappingProxyType(
    {
        "mean": (measure_mean, apply_affine),
        "reinhard": (measure_reinhard, apply_affine),
        "mkl": (measure_mkl, apply_affine),
        "histogram": (measure_histogram, apply_histogram),
        "transport": (measure_transport, apply_transport),
        "light": (measure_light, apply_light),
    }
)


def measure(method: Method, made: Picture, plate: Picture, weights: Weights) -> Parameters | None:
    """What turns the made face's colours into the plate's; None with the method "none" or hardly any weights.

    made, plate: H×W×3 RGB float32 in 0–1 of the same crop; weights: H×W float32 from 0, what is measured.
    """
    if method == "none" or weights.sum() < LEAST:
        return None
    return _METHODS[method][0](made, plate, weights)


def apply(method: Method, made: Picture, parameters: Parameters | None, strength: float) -> Picture:
    """The made face H×W×3 RGB float32 (of any size) with its colours changed; the result can leave 0–1.

    strength: 0 leaves the face as it is, 1 changes it wholly, between them in proportion.
    """
    if parameters is None or method == "none" or strength == 0:
        return made
    matched = _METHODS[method][1](made, parameters)
    result: Picture = (made + np.float32(strength) * (matched - made)).astype(np.float32)
    return result
