"""What a person corrected by hand: the faceset's repairs.json, which the next extraction applies.

    {"version": 1, "repairs": [{"source": "/abs/plate.mp4", "frame": 12, "action": "delete", "at": [x, y]}, …]}

Points are pixels of the source's frame: (0, 0) is the centre of its first pixel, at the top left, and y goes down. `at`
is a point inside the face's box as it was before the repair. Later repairs win.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import whole_file
from .errors import DeepfakeError, UsageError

FILE = "repairs.json"
_VERSION = 1
_SMALLEST = 8.0  # pixels: a smaller box is a click that slipped
Point = tuple[float, float]
Box = tuple[float, float, float, float]
Repair = dict[str, Any]


def delete(source: Path, frame: int, at: Point) -> Repair:
    """The face around `at` is none."""
    return {**_of(source, frame, "delete"), "at": _rounded(at)}


def add(source: Path, frame: int, box: Box, roll: float = 0.0) -> Repair:
    """There is a face in `box`. Raises UsageError for a box that is too small."""
    return {**_of(source, frame, "add"), "box": _rounded(ordered(box)), "roll": round(roll, 2)}


def move(source: Path, frame: int, at: Point, box: Box, roll: float = 0.0) -> Repair:
    """The face around `at` is in `box`. Raises UsageError for a box that is too small."""
    return {**_of(source, frame, "move"), "at": _rounded(at), "box": _rounded(ordered(box)), "roll": round(roll, 2)}


def landmarks(source: Path, frame: int, at: Point, points: Mapping[int, Point]) -> Repair:
    """These points of the face around `at` are elsewhere; the others follow."""
    if not points:
        raise UsageError("No point was moved.", "Give at least one point and its new place.")
    placed = {str(index): _rounded(points[index]) for index in sorted(points)}
    return {**_of(source, frame, "landmarks"), "at": _rounded(at), "points": placed}


def ordered(box: Box) -> Box:
    """`box` with its smaller corner first, whichever way it was drawn."""
    x0, y0, x1, y1 = box
    result = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
    if result[2] - result[0] < _SMALLEST or result[3] - result[1] < _SMALLEST:
        raise UsageError(
            f"The box is {result[2] - result[0]:.0f} × {result[3] - result[1]:.0f} pixels, too small for a face.",
            "Draw it around the whole face, from the brows to the chin.",
        )
    return result


def read(faceset: Path) -> list[Repair]:
    """The repairs of a faceset, the oldest first; none where it has no file of them."""
    file = faceset / FILE
    try:
        content = json.loads(file.read_text("utf-8"))
        version, repairs = content["version"], content["repairs"]
        if not isinstance(repairs, list) or not all(isinstance(repair, dict) for repair in repairs):
            raise TypeError("repairs is not a list of objects")
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DeepfakeError(
            f"The repairs {file} cannot be read ({type(error).__name__}: {error}).",
            "Mend the file, or move it away to begin anew.",
        ) from error
    if version != _VERSION:
        raise DeepfakeError(
            f"The repairs {file} are of version {version}, this release knows {_VERSION}.", "Update the extension."
        )
    return repairs


def append(faceset: Path, repair: Repair) -> list[Repair]:
    """Add `repair` as the last one; return all."""
    return _write(faceset, [*read(faceset), repair])


def remove_last(faceset: Path) -> Repair:
    """Take the last repair away and return it."""
    present = read(faceset)
    if not present:
        raise UsageError(f"The faceset {faceset} has no repairs to take back.")
    _write(faceset, present[:-1])
    return present[-1]


def of_frame(repairs: list[Repair], source: Path, frame: int) -> list[Repair]:
    """Those of one frame of one source, also where a range of frames was given."""
    return [r for r in repairs if r.get("source") == str(source) and frame in _frames(r)]


def _frames(repair: Repair) -> range:
    if "frames" not in repair:
        number = repair.get("frame")
        return range(number, number + 1) if isinstance(number, int) else range(0)
    first, _, last = str(repair["frames"]).partition("-")
    try:
        return range(int(first), int(last or first) + 1)
    except ValueError:
        return range(0)


def _of(source: Path, frame: int, action: str) -> Repair:
    return {"source": str(source), "frame": frame, "action": action}


def _rounded(values: tuple[float, ...]) -> list[float]:
    return [round(value, 2) for value in values]


def _write(faceset: Path, repairs: list[Repair]) -> list[Repair]:
    text = json.dumps({"version": _VERSION, "repairs": repairs}, indent=1, ensure_ascii=False, allow_nan=False)
    try:
        whole_file.write_bytes(faceset / FILE, (text + "\n").encode())
    except OSError as error:
        raise DeepfakeError(
            f"The repairs cannot be kept in {faceset}: {error.strerror}.", "Choose a faceset that can be written."
        ) from error
    return repairs
