"""How bright a strip is looked at: a face that is brighter than white is not seen by the backend otherwise."""

from typing import Any

import bpy
from bpy.props import FloatProperty

from .compat import Strip

NAME = "deepfake_exposure"
MOST = 20.0  # stops; more are refused by the backend


def of_strip(strip: Strip) -> float:
    """Stops; 0 where the extension is not registered."""
    return round(float(getattr(strip, NAME, 0.0)), 3)


def _define() -> Any:
    return FloatProperty(
        name="Exposure",
        description="Stops by which the faces of this strip are looked at brighter, or darker: below 0 for skin that "
        "is brighter than white. The strip and the swap stay as bright as they are",
        default=0.0,
        min=-MOST,
        max=MOST,
        soft_min=-6.0,
        soft_max=6.0,
        precision=2,
        options=set(),
    )


def register() -> None:
    setattr(bpy.types.Strip, NAME, _define())


def unregister() -> None:
    delattr(bpy.types.Strip, NAME)
