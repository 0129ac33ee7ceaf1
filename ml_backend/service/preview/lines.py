"""What the service and its preview process say to each other: a line of JSON each way for every frame."""

from typing import Literal

from pydantic import BaseModel, Field

from ml_backend.requests import PreviewRequest
from ml_backend.service.protocol import Problem

Word = Literal["refused", "usage", "failed", "disk_full", "outside_roots", "internal"]
"""The code of a problem. The first three are the command line's exit codes 3, 2 and 1."""


class Asked(BaseModel):
    """`roots` are the folders that may be used."""

    request: PreviewRequest
    roots: list[str]


class PreviewAnswer(BaseModel):
    """`out` is the frame as the edit would show it, `layer` the RGBA picture over it.

    `seconds` went by from the request's turn to the written files. `faces` were replaced; `steadied` says that their
    place is that of the swap, smoothed over the frames around, and not that of a look at this frame alone. `warm`:
    the network was in memory. `message` says why there is no face, and is empty where there is one.
    """

    out: str
    layer: str
    seconds: float
    faces: int
    steadied: bool
    warm: bool
    message: str = ""


class Said(BaseModel):
    """One of the two."""

    answer: PreviewAnswer | None = None
    problem: Problem | None = Field(default=None, description="Its code is a Word")
