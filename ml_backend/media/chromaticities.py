"""Which colours red, green, blue and white are, as the header of an EXR tells it."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ml_backend.media.colour import Colour, LightColour, RgbGamut
from ml_backend.media.transfer import BT2020, P3, REC709, Primaries

Chromaticities = tuple[float, ...]
"""x and y of red, green, blue and white: eight numbers."""

_D65, _ACES_WHITE = (0.3127, 0.3290), (0.32168, 0.33767)
_AP0: Primaries = ((0.7347, 0.2653), (0.0, 1.0), (0.0001, -0.0770))
_AP1: Primaries = ((0.713, 0.293), (0.165, 0.830), (0.128, 0.044))
_NEAR = 2e-3
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def _flat(primaries: Primaries, white: tuple[float, float] = _D65) -> Chromaticities:
    return tuple(value for place in (*primaries, white) for value in place)


_KNOWN = {
    "Linear Rec.709": _flat(REC709),
    "ACEScg": _flat(_AP1, _ACES_WHITE),
    "ACES2065-1": _flat(_AP0, _ACES_WHITE),
    "Linear Rec.2020": _flat(BT2020),
    "Linear P3-D65": _flat(P3),
}


def colourspace_of(chromaticities: Chromaticities) -> str | None:
    """The name of the linear colour space with these; None for one that is not known here."""
    for name, known in _KNOWN.items():
        if len(chromaticities) == len(known) and all(
            abs(a - b) < _NEAR for a, b in zip(chromaticities, known, strict=True)
        ):
            return name
    return None


def chromaticities_of(colour: Colour) -> Chromaticities | None:
    """Those of an EXR whose values mean `colour`; None where they are not known here.

    A space of a configuration is known by what it makes of red, green and blue: studios call it as they like.
    """
    if not isinstance(colour, LightColour) or not colour.curve.per_channel:  # a camera's log: only its light is known
        return None
    if isinstance(colour.gamut, RgbGamut):
        return _flat(colour.gamut.primaries)
    made = colour.gamut.to_rec709(np.eye(3, dtype=np.float32)[None])[0]
    return next((known for known in _KNOWN.values() if np.allclose(made.T, _to_rec709(known), atol=_NEAR)), None)


@cache
def _to_rec709(chromaticities: Chromaticities) -> NDArray[np.float64]:
    """3×3: linear RGB of these to Rec.709's, other whites adapted to D65 by the Bradford matrix, as ACES does it."""
    given, wanted = _to_xyz(chromaticities), _to_xyz(_flat(REC709))
    adapted = np.linalg.inv(_BRADFORD) @ np.diag((_BRADFORD @ wanted.sum(1)) / (_BRADFORD @ given.sum(1))) @ _BRADFORD
    return np.asarray(np.linalg.solve(wanted, adapted @ given), np.float64)


def _to_xyz(chromaticities: Chromaticities) -> NDArray[np.float64]:
    places = np.array(chromaticities).reshape(4, 2)
    columns = np.array([(x / y, 1, (1 - x - y) / y) for x, y in places]).T
    return columns[:, :3] * np.linalg.solve(columns[:, :3], columns[:, 3])
