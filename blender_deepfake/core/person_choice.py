"""Which of the people that a strip shows an extraction collects, in the words that the backend understands."""

import re
from collections.abc import Callable
from pathlib import Path

from .errors import UsageError

WHO = ("ONLY", "LARGEST", "ALL", "NUMBERS", "PICTURE", "POINT")
_NUMBERS = re.compile(r"[1-9]\d*(,[1-9]\d*)*")
_POINT = re.compile(r"(\d+):(-?[\d.]+),(-?[\d.]+)(@.+)?", re.DOTALL)


def of_settings(who: str, numbers: str = "", picture: Path | None = None, point: str = "") -> str:
    """From the choice in the panel, one of `WHO`. Raises UsageError where what belongs to it is missing."""
    if who == "NUMBERS":
        return _numbers(numbers)
    if who == "PICTURE":
        return _picture(picture)
    if who == "POINT":
        if not _POINT.fullmatch(point):
            raise UsageError("No face was pointed at.", "Press Point at Face and click on it in the preview.")
        return point
    return who.lower()


def of_text(text: str, absolute: Callable[[str], Path]) -> str:
    """From a command's argument: a word, numbers, FRAME:X,Y, FRAME:X,Y@SOURCE, or the path of a picture."""
    text = text.strip()
    if text in ("only", "largest", "all") or _POINT.fullmatch(text):
        return text
    if re.fullmatch(r"[\d,\s]+", text):
        return _numbers(text)
    return _picture(absolute(text))


def of_point(frame: int, point: tuple[float, float], source: Path) -> str:
    """The person whose face is around `point` (pixels, the first pixel's centre is 0, 0) in a frame of `source`."""
    return f"{frame}:{point[0]:.1f},{point[1]:.1f}@{source}"


def described(point: str) -> str:
    """ "the face at 640, 210 in frame 12"; empty for what is no point."""
    found = _POINT.fullmatch(point)
    return f"the face at {float(found[2]):.0f}, {float(found[3]):.0f} in frame {found[1]}" if found else ""


def _numbers(text: str) -> str:
    compact = re.sub(r"\s*,\s*", ",", text.strip().strip(","))
    if not _NUMBERS.fullmatch(compact):
        raise UsageError(
            f"{text!r} are no numbers of people.", "Write them as 1 or 1,3: people.png in the faceset shows who is who."
        )
    return compact


def _picture(path: Path | None) -> str:
    if path is None or not path.is_file():
        raise UsageError(
            f"There is no reference picture at {path}." if path else "The reference picture is missing.",
            "Choose a picture that shows the person's face alone (or: only, largest, all, 1,3 or FRAME:X,Y).",
        )
    return str(path)
