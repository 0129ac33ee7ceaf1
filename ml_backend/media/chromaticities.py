"""Which colours red, green, blue and white are, as the header of an EXR tells it."""

from ml_backend.media.colour import Colour, LightColour, Linear, RgbGamut
from ml_backend.media.transfer import BT2020, P3, REC709, Primaries

Chromaticities = tuple[float, ...]
"""x and y of red, green, blue and white: eight numbers."""

_D65, _ACES_WHITE = (0.3127, 0.3290), (0.32168, 0.33767)
_AP0: Primaries = ((0.7347, 0.2653), (0.0, 1.0), (0.0001, -0.0770))
_AP1: Primaries = ((0.713, 0.293), (0.165, 0.830), (0.128, 0.044))
_NEAR = 2e-3


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
    """Those of an EXR whose values mean `colour`; None where they are not known here."""
    if isinstance(colour, LightColour) and isinstance(colour.gamut, RgbGamut):
        return _flat(colour.gamut.primaries)
    if isinstance(colour, LightColour) and isinstance(colour.gamut, Linear) and not colour.version:
        return _KNOWN["Linear Rec.709"]
    return _KNOWN.get(colour.name)
