"""The kinds of repairs that an artist can make to the faces of a frame; `repairs` tells of their file."""

import math
import re
from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictInt, StringConstraints
from pydantic import model_validator as checked

SMALLEST = 8.0  # pixels: a smaller box is a click that slipped
_FARTHEST = 1e6  # pixels
_FRAMES = re.compile(r"[0-9]{1,12}-[0-9]{1,12}")


def _ordered(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = box
    if x1 - x0 < SMALLEST or y1 - y0 < SMALLEST:
        raise ValueError(f"the box is {x1 - x0:g} × {y1 - y0:g} pixels")
    return box


Pixel = Annotated[float, Field(ge=-_FARTHEST, le=_FARTHEST, allow_inf_nan=False, strict=True)]
Place = tuple[Pixel, Pixel]
Box = Annotated[tuple[Pixel, Pixel, Pixel, Pixel], AfterValidator(_ordered)]
Frame = Annotated[StrictInt, Field(ge=0)]
Roll = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False, strict=True)]
MeshPoint = Annotated[int, Field(ge=0, le=477)]


class _Repair(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str = Field(min_length=1)

    @property
    def numbers(self) -> range:
        """The frames that it is about."""
        raise NotImplementedError


class _OfOneFrame(_Repair):
    frame: Frame

    @property
    def numbers(self) -> range:
        return range(self.frame, self.frame + 1)


class Delete(_Repair):
    """There is no face around `at`. Of a range of frames, the face is the one that is there in the first of them."""

    action: Literal["delete"]
    frame: Frame | None = None
    frames: Annotated[str, StringConstraints(pattern=_FRAMES.pattern)] | None = None
    at: Place
    track: Annotated[StrictInt, Field(ge=0)] | None = None

    @checked(mode="after")
    def _one_of_both(self) -> "Delete":
        if (self.frame is None) == (self.frames is None):
            raise ValueError("it needs either frame or frames")
        if not self.numbers:
            raise ValueError(f"the frames {self.frames} end before they begin")
        return self

    @property
    def numbers(self) -> range:
        if self.frame is not None:
            return range(self.frame, self.frame + 1)
        first, _, last = (self.frames or "").partition("-")
        return range(int(first), int(last) + 1)


class Add(_OfOneFrame):
    """There is a face in `box`. It joins the track that it fits, or `track` where that is given."""

    action: Literal["add"]
    box: Box
    roll: Roll = 0.0
    track: Annotated[StrictInt, Field(ge=0)] | None = None


class Move(_OfOneFrame):
    """The face around `at` is in `box`; where no face is found around `at` any more, there is one all the same."""

    action: Literal["move"]
    at: Place
    box: Box
    roll: Roll = 0.0
    track: Annotated[StrictInt, Field(ge=0)] | None = None


class Landmarks(_OfOneFrame):
    """Some mesh points of the face around `at` are elsewhere; those around them follow."""

    action: Literal["landmarks"]
    at: Place
    points: dict[MeshPoint, Place] = Field(min_length=1)


Repair = Annotated[Delete | Add | Move | Landmarks, Field(discriminator="action")]


def placed(repair: Repair, matrix: NDArray[np.float64]) -> Repair:
    """The repair with its points behind a 2×3 matrix that scales and shifts x and y, as the roll is seen there."""
    (across, _, left), (_, down, top) = matrix.tolist()

    def moved(values: Sequence[float]) -> tuple[float, ...]:
        return tuple(value * (down if n % 2 else across) + (top if n % 2 else left) for n, value in enumerate(values))

    changed: dict[str, object] = {}
    if isinstance(repair, Delete | Move | Landmarks):
        changed["at"] = moved(repair.at)
    if isinstance(repair, Add | Move):
        roll = math.radians(repair.roll)
        changed["box"] = moved(repair.box)
        changed["roll"] = math.degrees(math.atan2(math.sin(roll) * down, math.cos(roll) * across))
    if isinstance(repair, Landmarks):
        changed["points"] = {point: moved(place) for point, place in repair.points.items()}
    return repair.model_copy(update=changed)
