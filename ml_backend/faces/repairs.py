"""What an artist corrected by hand: repairs.json in a faceset, written by the extension or in any editor.

    {"version": 1, "repairs": [
      {"source": "/shots/plate.mp4", "frame": 12, "action": "delete", "at": [640, 360]},
      {"source": "/shots/plate.mp4", "frames": "12-20", "action": "delete", "at": [640, 360]},
      {"source": "/shots/plate.mp4", "frame": 31, "action": "add", "box": [600, 300, 700, 420], "roll": 0},
      {"source": "/shots/plate.mp4", "frame": 32, "action": "move", "at": [640, 360], "box": [600, 300, 700, 420]},
      {"source": "/shots/plate.mp4", "frame": 33, "action": "landmarks", "at": [640, 360], "points": {"33": [610, 340]}}
    ]}

A source is a path; a relative one starts at the file's folder. Points are pixels of the source's frame, (0, 0) is the
centre of its first pixel. `at` is a point inside the face's box before the repair, `box` goes from the brows to the
chin, `roll` says in degrees how far the head is tilted, counter-clockwise in the picture, and `points` are those of
the 478 mesh points that are elsewhere. Later repairs win.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from ml_backend import atomic
from ml_backend.errors import BackendError, UsageError

from .repair import SMALLEST, Repair

FILE = "repairs.json"
VERSION = 1


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1]
    repairs: list[Repair]


def read_repairs(path: Path, required: bool = False) -> list[Repair]:
    """The repairs in a file, the oldest first; none where there is no file, unless it is `required`.

    Sources are resolved. Raises UsageError that names the file, the entry and the fix for what is not a repair,
    BackendError where the file cannot be read.
    """
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError as error:
        if not required:
            return []
        raise UsageError(f"The repairs {path} do not exist.", "Check the path.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"The repairs {path} are no text in UTF-8.", _MEND) from error
    except OSError as error:
        raise BackendError(f"The repairs {path} cannot be read: {error.strerror}.", "Check its permissions.") from error
    return [_resolved(one, path.absolute().parent) for one in _parsed(text, path).repairs]


def repairs_for(repairs: Sequence[Repair], source: Path) -> dict[int, list[Repair]]:
    """Those of one source by frame, in their order."""
    here, found = str(source.resolve()), defaultdict(list)
    for repair in repairs:
        if repair.source == here:
            for number in repair.numbers:
                found[number].append(repair)
    return dict(found)


def add_repair(path: Path, repair: Repair) -> list[Repair]:
    """Write `repair` as the last one of a file, whole or not at all; returns all.

    One process at a time: of two that add at once, one may be lost. Raises as `read_repairs` does, and BackendError
    where the file cannot be written.
    """
    repairs = [*read_repairs(path), _resolved(repair, path.absolute().parent)]
    write_repairs(path, repairs)
    return repairs


def write_repairs(path: Path, repairs: Sequence[Repair]) -> None:
    """Write a file of repairs, whole or not at all. BackendError where it cannot be written."""
    content = {"version": VERSION, "repairs": [one.model_dump(mode="json", exclude_none=True) for one in repairs]}
    try:
        atomic.write_json(path.absolute(), content)
    except OSError as error:
        raise BackendError(
            f"The repairs {path} cannot be written: {error.strerror}.", "Look at the disk and its permissions."
        ) from error


def parse_repair(entry: dict[str, Any], path: Path) -> Repair:
    """The repair in an entry as the file `path` has them. Raises UsageError that names what is wrong with it."""
    try:
        return _File.model_validate({"version": VERSION, "repairs": [entry]}).repairs[0]
    except ValidationError as error:
        raise _unfit([entry], path, error, "the new repair") from error


_MEND = "Mend the file, or move it away to begin anew."
_KEYS = {
    "delete": "source, frame or frames, and at",
    "add": "source, frame, box, and perhaps roll and track",
    "move": "source, frame, at, box, and perhaps roll and track",
    "landmarks": "source, frame, at and points",
}
_FIXES = {
    "box": f"Give left, top, right and bottom in pixels, {SMALLEST:g} apart or more: [x0, y0, x1, y1].",
    "at": "Give a point inside the face's box in pixels: [x, y].",
    "points": 'Give mesh points, 0 to 477, and their places in pixels: {"33": [x, y]}.',
    "frame": 'Give "frame": 12, or for delete also "frames": "12-20".',
    "frames": 'Give "frame": 12, or for delete also "frames": "12-20".',
    "roll": "Give degrees from -180 to 180, counter-clockwise in the picture.",
}


def _resolved(repair: Repair, folder: Path) -> Repair:
    return repair.model_copy(update={"source": str((folder / repair.source).resolve())})


def _parsed(text: str, path: Path) -> _File:
    try:
        content = json.loads(text, object_pairs_hook=_without_doubles)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"The repairs {path} are damaged: {error}.", _MEND) from error
    if not isinstance(content, dict) or not isinstance(content.get("repairs"), list):
        raise UsageError(f'The repairs {path} are not {{"version": 1, "repairs": […]}}.', _MEND)
    if content.get("version") != VERSION:
        raise UsageError(
            f"The repairs {path} are of version {content.get('version')}, this release knows {VERSION}.",
            "Update the backend." if isinstance(content.get("version"), int) else 'Write "version": 1.',
        )
    try:
        return _File.model_validate(content)
    except ValidationError as error:
        raise _unfit(content["repairs"], path, error) from error


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    double = next((key for key in keys if keys.count(key) > 1), None)
    if double is not None:
        raise ValueError(f'"{double}" is there twice')
    return dict(pairs)


def _unfit(repairs: list[Any], path: Path, error: ValidationError, name: str | None = None) -> UsageError:
    """The first thing that is wrong, where it is (`name`: what the entry is called) and what belongs there."""
    first = error.errors(include_url=False)[0]
    place = [str(part) for part in first["loc"]]
    if len(place) < 2 or place[0] != "repairs":
        return UsageError(f"The repairs {path}: {'.'.join(place)}: {first['msg']}.", _MEND)
    number = int(place[1])
    entry = repairs[number] if isinstance(repairs[number], dict) else {}
    action = entry.get("action")
    below = [part for part in place[2:] if part not in (action, "[key]")]
    what = f"{'.'.join(below)}: " if below else ""
    where = name or f"repair {number + 1}"
    if "frame" in entry or "frames" in entry:
        where += f" (frame {entry.get('frame', entry.get('frames'))} of {Path(str(entry.get('source', '?'))).name})"
    message = first["msg"].removeprefix("Value error, ")
    value = first.get("input")
    shown = f", not {json.dumps(value, default=str)[:60]}" if isinstance(value, str | int | float | bool) else ""
    return UsageError(f"The repairs {path}, {where}: {what}{message}{shown}.", _fix(action, below, str(first["type"])))


def _fix(action: object, below: Sequence[str], kind: str) -> str:
    if kind.startswith("union_tag") or action not in _KEYS:
        return "The action is delete, add, move or landmarks."
    whole = len(below) == 1 and kind in ("extra_forbidden", "missing")  # a key too many or too few
    if below and below[0] in _FIXES and not whole:
        return _FIXES[below[0]]
    return f"A repair of the kind {action} has {_KEYS[str(action)]}."
