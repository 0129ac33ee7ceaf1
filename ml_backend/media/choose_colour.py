"""The colour space that a request names, if it names one."""

from pathlib import Path

from ml_backend.errors import UsageError
from ml_backend.media.colour import KNOWN, PlateColour
from ml_backend.media.ocio import ocio_colour


def choose_colour(space: str | None, config: Path | None = None) -> PlateColour | None:
    """What `space` names: one of `KNOWN`, else a space of OpenColorIO; None where the files shall tell.

    With a configuration, names are the configuration's. UsageError as in `ocio_colour`.
    """
    if space is None:
        if config is not None:
            raise UsageError(
                f"The configuration {config} is given, but no colour space.", "Name the space of the plate with it."
            )
        return None
    known = KNOWN.get(space.strip().lower()) if config is None else None
    return known or ocio_colour(space.strip(), config)
