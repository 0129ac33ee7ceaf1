"""Which numbered sequence the pictures of an image strip are, for a backend that reads them itself."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import exr_header

_NUMBERED = re.compile(r"(?P<before>.*?)(?P<digits>[0-9]+)(?P<after>[^0-9]*)")
_BELOW_ZERO = re.compile(r"(?:.*[._])?-")  # before the digits of s.-0012, which the backend does not count
_LOSSLESS = {".png", ".tif", ".tiff", ".exr"}  # of others Blender and the backend may decode other values


@dataclass(frozen=True)
class PictureSequence:
    """Pictures in one folder: `pattern` with #### for the number, and the numbers in the strip's order."""

    pattern: str
    numbers: list[int]
    is_light: bool


def find(names: Sequence[str]) -> PictureSequence | None:
    """The sequence that `names` are: alike but for a number that counts up by one. None where they are not."""
    matches = [_NUMBERED.fullmatch(Path(name).stem) for name in names]
    suffixes = {Path(name).suffix for name in names}
    if not matches or None in matches or len(suffixes) != 1 or not {s.lower() for s in suffixes} <= _LOSSLESS:
        return None
    found = [match for match in matches if match]
    if len({(match["before"], match["after"]) for match in found}) != 1 or _BELOW_ZERO.fullmatch(found[0]["before"]):
        return None
    digits = [match["digits"] for match in found]
    numbers = [int(text) for text in digits]
    width = min(map(len, digits))
    evenly = all(text == str(number).zfill(width) for text, number in zip(digits, numbers, strict=True))
    if not evenly or numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        return None
    suffix = suffixes.pop()
    pattern = f"{found[0]['before']}{'#' * width}{found[0]['after']}{suffix}"
    return PictureSequence(pattern, numbers, suffix.lower() == ".exr") if "%" not in pattern else None


def is_whole(path: Path) -> bool:
    """Does an EXR file hold all of its picture? Blender shows what it holds as if it were the whole."""
    try:
        return exr_header.read(path).is_whole
    except (OSError, ValueError):
        return False
