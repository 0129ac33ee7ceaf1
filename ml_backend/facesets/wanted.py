"""How a request names the person whose faces it wants: the forms, read from text."""

import difflib
import re
from dataclasses import dataclass
from pathlib import Path

from ml_backend.errors import UsageError
from ml_backend.media.picture import FLOAT_SUFFIXES, PICTURE_SUFFIXES

FORMS = (
    "Give only, largest, all, a number from the list of persons such as 1 or 1,3, a picture of the person such as"
    " anna.png, or a point on the face such as 12:640,360 (frame 12, x 640, y 360) or 12:640,360@plate.mp4."
)
_WORDS = ("only", "largest", "all")
_NUMBERS = re.compile(r"[0-9]{1,9}(\s*,\s*[0-9]{1,9})*")
_COORDINATE = r"\s*(-?[0-9]{1,9}(?:\.[0-9]{1,9})?)\s*"
_POINT = re.compile(rf"([0-9]{{1,12}})\s*:{_COORDINATE},{_COORDINATE}(?:@\s*(.+))?", re.DOTALL)


@dataclass(frozen=True)
class Only:
    """The only person there is."""


@dataclass(frozen=True)
class Largest:
    """Whose faces fill most of the footage."""


@dataclass(frozen=True)
class All:
    """Everybody."""


@dataclass(frozen=True)
class Numbers:
    """Persons by their numbers in the list, from 1, in ascending order."""

    numbers: tuple[int, ...]


@dataclass(frozen=True)
class Picture:
    """Who is on a reference picture."""

    path: Path


@dataclass(frozen=True)
class Point:
    """Whose face is at x, y in pixels of a frame; `source` is a path or a file's name, None for any source."""

    frame: int
    x: float
    y: float
    source: str | None


Wanted = Only | Largest | All | Numbers | Picture | Point


def parse_wanted(text: str) -> Wanted:
    """Read one of the forms; looks at no file. UsageError that names the forms for anything else.

    A picture is known by its suffix or by a / or \\ in its path.
    """
    stripped = text.strip()
    match stripped.lower():
        case "only":
            return Only()
        case "largest":
            return Largest()
        case "all":
            return All()
    if _NUMBERS.fullmatch(stripped):
        numbers = sorted({int(part) for part in stripped.split(",")})
        if numbers[0] == 0:
            raise UsageError(f"There is no person 0 in “{text}”.", "Persons are numbered from 1.")
        return Numbers(tuple(numbers))
    if point := _POINT.fullmatch(stripped):
        source = point[4].strip() if point[4] is not None else None
        return Point(int(point[1]), float(point[2]), float(point[3]), source)
    if Path(stripped).suffix.lower() in PICTURE_SUFFIXES | FLOAT_SUFFIXES or "/" in stripped or "\\" in stripped:
        return Picture(Path(stripped))
    near = difflib.get_close_matches(stripped.lower(), _WORDS, 1)
    raise UsageError(f"“{text}” names no person.", f"Did you mean {near[0]}? {FORMS}" if near else FORMS)
