"""The colour space that a request names, if it names one."""

import math
from pathlib import Path

from ml_backend.errors import UsageError
from ml_backend.media.colour import KNOWN, PlateColour, exposed
from ml_backend.media.ocio import ocio_colour

MOST_STOPS = 20.0


def choose_colour(space: str | None, config: Path | None = None) -> PlateColour | None:
    """What `space` names: one of `KNOWN`, else a space of OpenColorIO; None where the files shall tell.

    `NAME@STOPS`, such as ACEScg@-2, is looked at so much brighter (or darker). With a configuration, names are the
    configuration's. UsageError as in `ocio_colour`, and for stops that are no number or more than 20.
    """
    if space is None:
        if config is not None:
            raise UsageError(
                f"The configuration {config} is given, but no colour space.", "Name the space of the plate with it."
            )
        return None
    name, at, stops = space.strip().rpartition("@")
    name = name.strip() if at else stops
    colour = (KNOWN.get(name.lower()) if config is None else None) or ocio_colour(name, config)
    return exposed(colour, _stops(space, stops)) if at else colour


def _stops(space: str, text: str) -> float:
    try:
        stops = float(text)
    except ValueError:
        stops = math.inf
    if not abs(stops) <= MOST_STOPS:  # which no NaN is
        raise UsageError(
            f"The colour space {space} ends in no exposure.",
            f"Write stops from {-MOST_STOPS:g} to {MOST_STOPS:g} after the @, such as ACEScg@-2.",
        )
    return stops
