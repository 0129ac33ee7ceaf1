"""What each job is asked to do. The command line, the service and Python callers all fill in these."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]


class _Request(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class Plate(_Request):
    """A source and a range of its frames; also the content of a plate JSON file."""

    source: str = Field(min_length=1, description="A movie, a folder of pictures or a pattern such as shot.####.png")
    frames: str | None = Field(default=None, description="Such as 1-100, 7 or 5-; all frames where absent")


class ExtractRequest(_Request):
    sources: list[str | Plate] = Field(min_length=1)
    faceset: Path
    identity: Name | None = None
    frames: str | None = None
    size: int = Field(default=256, ge=64, le=2048, description="Side of the stored crops in pixels")


class TrainRequest(_Request):
    model: Path
    facesets: dict[Name, Path] = Field(min_length=2)
    preset: str | None = None
    iterations: int | None = Field(default=None, ge=1)
    minutes: float | None = Field(default=None, gt=0)
    settings: dict[str, str] = Field(default_factory=dict)
    consent: Path | None = Field(default=None, description="A folder of consent records besides the user's own")


class SwapRequest(_Request):
    plate: str | Plate
    model: Path
    identity: Name
    out: Path
    frames: str | None = None
    settings: dict[str, str] = Field(default_factory=dict)
    consent: Path | None = None


class EvaluateRequest(_Request):
    swap: Path
    plate: str | Plate
    truth: str
    mask: str | None = None
    frames: str | None = None
    identity_faceset: Path | None = None
    performer_faceset: Path | None = None


_FOOTAGE = frozenset({"sources", "source", "plate", "truth", "mask"})


def paths_in(request: BaseModel) -> list[Path]:
    """All files and folders that `request` names, those inside the plates that it holds too."""
    return [path for name in type(request).model_fields for path in _paths(name, getattr(request, name))]


def _paths(name: str, value: Any) -> Iterator[Path]:
    if isinstance(value, Path):
        yield value
    elif isinstance(value, BaseModel):
        yield from paths_in(value)
    elif isinstance(value, str) and name in _FOOTAGE:
        yield Path(value)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _paths(name, part)
    elif isinstance(value, dict):
        for part in value.values():
            yield from _paths(name, part)
