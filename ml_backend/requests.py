"""What each job is asked to do. The command line, the service and Python callers all fill in these."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, StringConstraints

Framing = Literal["face", "whole-face", "head"]
LandmarkModel = Literal["mesh", "fan"]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]


class _Request(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class _Permitted(_Request):
    """What the gate needs to know of a job that uses somebody's face."""

    consent: Path | None = Field(default=None, description="A folder of consent records besides the user's own")
    project: str | None = Field(
        default=None, min_length=1, description="The production this is for; ML_BACKEND_PROJECT where absent"
    )
    shot: str | None = Field(
        default=None, min_length=1, description="The shot this is for; ML_BACKEND_SHOT or the footage's name if absent"
    )


class Plate(_Request):
    """A source and a range of its frames; also the content of a plate JSON file."""

    source: str = Field(min_length=1, description="A movie, a folder of pictures or a pattern such as shot.####.png")
    frames: str | None = Field(default=None, description="Such as 1-100, 7 or 5-; all frames where absent")
    colourspace: str | None = Field(
        default=None, min_length=1, description="What the values are, such as ACEScg; as the files tell where absent"
    )
    ocio: Path | None = Field(default=None, description="The OpenColorIO configuration that knows the colour space")
    pixel_aspect: float | None = Field(
        default=None,
        ge=0.1,
        le=10,
        description="How many times as wide as high the pixels are; as the files tell where absent",
    )


class ExtractRequest(_Permitted):
    sources: list[str | Plate] = Field(min_length=1)
    faceset: Path
    identity: Name | None = None
    frames: str | None = None
    photos: bool = Field(
        default=False, description="The pictures of a folder are photos, each alone, whatever their names and sizes"
    )
    person: str = Field(
        default="only",
        min_length=1,
        description="Whose faces: only, largest, all, 1 or 1,3, a reference picture, FRAME:X,Y or FRAME:X,Y@SOURCE",
    )
    framing: Framing = Field(default="face", description="The largest framing that training shall be able to use")
    size: int | None = Field(
        default=None, ge=64, le=2048, description="Side of the stored crops in pixels; by the footage where absent"
    )
    landmarks: LandmarkModel = Field(default="mesh", description="The landmark model; fan needs the extra [fan]")
    fan_weights: Path | None = Field(default=None, description="FAN's weights; the user's torch hub folder if absent")
    average: bool = Field(default=False, description="Measure each face in several crops: steadier, and slower")
    smooth: float = Field(default=1.0, ge=0, le=4, description="Smoothing of the landmarks over time; 0 is off")
    smallest: float | None = Field(
        default=None,
        ge=8,
        le=4320,
        description="Side in pixels of the smallest face wanted; 20, or a fiftieth of the height, where absent",
    )
    colourspace: str | None = Field(default=None, description="What the numbers mean, if the files do not say")
    ocio: Path | None = Field(default=None, description="An OpenColorIO configuration that knows the colour space")


class TrainMaskRequest(_Request):
    model: Path
    facesets: list[Path] = Field(min_length=1, description="Facesets with painted masks")
    iterations: int | None = Field(default=None, ge=1)
    minutes: float | None = Field(default=None, gt=0)
    size: int = Field(default=128, ge=64, le=256, multiple_of=16, description="Side of the network's picture in pixels")
    settings: dict[str, str] = Field(default_factory=dict)


class ApplyMasksRequest(_Request):
    faceset: Path
    mask_model: Path


class TrainRequest(_Permitted):
    model: Path
    facesets: dict[Name, Path] = Field(min_length=1, description="Two or more; fewer where identities join a model")
    preset: str | None = None
    iterations: int | None = Field(default=None, ge=1)
    minutes: float | None = Field(default=None, gt=0)
    devices: int = Field(default=1, ge=1, le=64, description="Processes of this machine that train, one for each GPU")
    find_rate: bool = Field(default=False, description="Try learning rates and say which is best; the model stays")
    settings: dict[str, str] = Field(default_factory=dict)


Key = tuple[int, FiniteFloat] | tuple[int, FiniteFloat, Literal["linear", "hold", "smooth"]]
"""A value of a setting on a frame, and how it passes into the next one's: straight where that is not said."""


class SwapRequest(_Permitted):
    plate: str | Plate
    model: Path
    identity: Name
    out: Path
    frames: str | None = None
    step: Literal["all", "faces", "frames", "join"] = Field(
        default="all",
        description="For a farm: find the faces of all frames, then make pieces (many at once), then join these",
    )
    mask_model: Path | None = Field(default=None, description="A mask model: what covers the face stays in front of it")
    repairs: Path | None = Field(default=None, description="A repairs.json of faces added, moved or deleted by hand")
    settings: dict[str, str] = Field(default_factory=dict)
    keys: dict[str, list[Key]] = Field(
        default_factory=dict,
        description="Settings that change over time: [frame, value], straight to the next, or [frame, value, way]",
    )
    colourspace: str | None = Field(default=None, description="What the plate's numbers mean, if its files do not say")
    ocio: Path | None = Field(default=None, description="An OpenColorIO configuration that knows the colour space")


class PreviewRequest(_Permitted):
    """One frame as a swap with these settings would make it."""

    plate: str | Plate
    model: Path
    identity: Name
    frame: int = Field(ge=0, lt=10**12, description="As everywhere: a movie's first one is 1")
    out: Path = Field(description="A .png: the frame as the edit would show it; beside it NAME.layer.png")
    swap: Path | None = Field(
        default=None, description="The folder of a swap of this plate: what it has seen steadies the faces"
    )
    mask_model: Path | None = None
    repairs: Path | None = None
    settings: dict[str, str] = Field(default_factory=dict)
    keys: dict[str, list[Key]] = Field(
        default_factory=dict,
        description="Settings that change over time: [frame, value], straight to the next, or [frame, value, way]",
    )
    colourspace: str | None = Field(default=None, description="What the plate's numbers mean, if its files do not say")
    ocio: Path | None = Field(default=None, description="An OpenColorIO configuration that knows the colour space")


class EvaluateRequest(_Request):
    swap: Path
    plate: str | Plate
    truth: str | None = Field(default=None, description="The perfect swap, where there is one")
    mask: str | None = Field(default=None, description="Grey footage: where to compare with the truth")
    frames: str | None = None
    identity_faceset: Path | None = None
    performer_faceset: Path | None = None
    report: bool = Field(default=True, description="Write report.html beside evaluation.json")
    colourspace: str | None = Field(default=None, description="What the plate's numbers mean, if its files do not say")
    ocio: Path | None = Field(default=None, description="An OpenColorIO configuration that knows the colour space")


_NO_FILES = {  # what these say without naming a file: whom `person` picks, and what a training begins from
    "person": re.compile(r"only|largest|all|\d+(\s*,\s*\d+)*|\d+:.*"),
    "base": re.compile(r"auto|none"),
}
_FOOTAGE = frozenset({"sources", "source", "plate", "truth", "mask"})


def paths_in(request: BaseModel) -> list[Path]:
    """All files and folders that `request` names, those inside the plates that it holds too."""
    return [path for name in type(request).model_fields for path in _paths(name, getattr(request, name))]


def _paths(name: str, value: Any) -> Iterator[Path]:
    if isinstance(value, Path):
        yield value
    elif isinstance(value, BaseModel):
        yield from paths_in(value)
    elif isinstance(value, str) and (name in _FOOTAGE or (name in _NO_FILES and not _NO_FILES[name].fullmatch(value))):
        yield Path(value)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _paths(name, part)
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _paths(key if name == "settings" else name, part)
