"""Frames without a face, and whether the head was turned away there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TURNED = 70.0  # degrees of yaw of the last face before or the first one after, from which a profile is the likely cause
NEAR = 3  # frames between the absence and that face at most

Place = tuple[Path, int]


@dataclass(frozen=True)
class Absence:
    """Frames of a source, one after the other, in which no face was found. turned: beside a head in profile."""

    source: Path
    first: int
    last: int
    turned: bool


def absences(frames: Sequence[tuple[Path, int, int]], yaws: Mapping[Place, float]) -> list[Absence]:
    """Where there is nobody. frames: source, number and count of faces, ordered; yaws: in degrees, of those in use."""
    runs: list[tuple[Path, int, int]] = []
    for source, number, faces in frames:
        if faces:
            continue
        if runs and runs[-1][0] == source and runs[-1][2] == number - 1:
            runs[-1] = (source, runs[-1][1], number)
        else:
            runs.append((source, number, number))
    return [Absence(*run, turned=_turned(*run, yaws)) for run in runs]


def _turned(source: Path, first: int, last: int, yaws: Mapping[Place, float]) -> bool:
    beside = (*range(first - NEAR, first), *range(last + 1, last + NEAR + 1))
    return any(abs(yaws.get((source, number), 0.0)) >= TURNED for number in beside)
