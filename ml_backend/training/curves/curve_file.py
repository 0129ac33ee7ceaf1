"""MODEL/curves.jsonl: what a training reported, one JSON object a line, for programs that have no TensorBoard."""

import json
import math
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ml_backend import atomic

CURVES = "curves.jsonl"


class Point(BaseModel):
    """One report. What is not known, or is not a number, is None."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    iteration: int
    seconds: float = Field(description="That the model has trained in all")
    loss: float | None = Field(default=None, description="Smoothed")
    held_out_loss: float | None = Field(default=None, description="On the faces that only measure, at the last look")
    learning_rate: float | None = None
    images_per_second: float | None = None
    phase: int | None = Field(default=None, description="Of the recipe, from 1")
    parts: dict[str, float] = Field(default_factory=dict, description="What the loss is made of, by name")


def read_curves(model: Path) -> list[Point]:
    """What the model's training has reported, by iteration; empty where nothing was. Torn lines are left out."""
    try:
        text = (model / CURVES).read_bytes()
    except FileNotFoundError:
        return []
    return list(_points(text))


def _points(text: bytes) -> Iterator[Point]:
    for line in text.splitlines():
        try:
            yield Point.model_validate_json(line)
        except ValidationError:
            continue  # a kill tore it


def append_point(model: Path, point: Point) -> None:
    """Add a line. It is not fsynced: losing the last reports in a power cut costs nothing."""
    finite = {name: value for name, value in point.parts.items() if math.isfinite(value)}
    values = point.model_copy(update={"parts": finite}).model_dump(mode="json", exclude_none=True)
    values = {name: value for name, value in values.items() if not isinstance(value, float) or math.isfinite(value)}
    line = json.dumps(values, allow_nan=False, separators=(",", ":"))
    with (model / CURVES).open("ab") as file:  # one write: a reader sees whole lines, but for the last of a kill
        file.write(line.encode() + b"\n")


def drop_after(model: Path, iteration: int) -> None:
    """Forget the lines of later iterations, and torn ones, as a training goes on from here; whole or not at all."""
    file = model / CURVES
    if not file.exists():
        return
    old = file.read_bytes()
    kept = [line for line in old.splitlines() if any(p.iteration <= iteration for p in _points(line))]
    new = b"".join(line + b"\n" for line in kept)
    if new != old:
        atomic.write_bytes(file, new)
