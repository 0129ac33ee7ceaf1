"""Write an artist's corrections from the command line: entries of the faceset's repairs.json."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ml_backend.errors import UsageError
from ml_backend.faces.repair import Repair
from ml_backend.faces.repairs import FILE, add_repair, parse_repair, read_repairs, write_repairs

from .store import Faceset


@dataclass(frozen=True)
class Wish:
    """What shall be done: None lists, undo takes the correction `number` (the last) away, else one is added.

    source: path or file name of one of the faceset's sources. points: such as 33=610,340. The others are as in
    `faces.repair`, None where they were not given.
    """

    action: str | None = None
    source: str | None = None
    frame: int | None = None
    frames: str | None = None
    at: Sequence[float] | None = None
    box: Sequence[float] | None = None
    roll: float | None = None
    points: Sequence[str] = ()
    number: int | None = None


def change_repairs(faceset: Faceset, wish: Wish) -> tuple[Repair | None, list[Repair]]:
    """The correction that was added or taken away, and all that are there now. Raises UsageError for what is none."""
    path = faceset.folder / FILE
    if wish.action is None:
        return None, read_repairs(path)
    if wish.action == "undo":
        return _undo(path, wish.number)
    given = {
        "source": _source(faceset, wish.source),
        "frame": wish.frame,
        "frames": wish.frames,
        "at": wish.at,
        "box": wish.box,
        "roll": wish.roll,
        "points": dict(map(_point, wish.points)) or None,
    }
    entry = {"action": wish.action} | {key: value for key, value in given.items() if value is not None}
    repair = parse_repair(entry, path)
    return repair, add_repair(path, repair)


def _undo(path: Path, number: int | None) -> tuple[Repair, list[Repair]]:
    repairs = read_repairs(path)
    place = len(repairs) if number is None else number
    if not 1 <= place <= len(repairs):
        raise UsageError(
            f"{path} has {len(repairs)} corrections and no number {place}.", "List them without an action."
        )
    gone = repairs.pop(place - 1)
    write_repairs(path, repairs)
    return gone, repairs


def _source(faceset: Faceset, name: str | None) -> str:
    """The path of the source that is meant: the only one where none is named."""
    known = [str(path) for (path,) in faceset.read_all("SELECT path FROM source ORDER BY id", "source")]
    if name is None:
        meant = known
    else:
        meant = [path for path in known if path == str(Path(name).resolve()) or Path(path).name == name]
    if len(meant) != 1:
        said = f"{faceset.folder} has {len(known)} sources" if name is None else f"{name} means {len(meant)} of them"
        raise UsageError(f"{said}: {', '.join(known) or 'none'}.", "Name one with --source.")
    return meant[0]


def _point(text: str) -> tuple[str, list[float]]:
    """33=610,340 as 33 and 610, 340."""
    number, _, place = text.partition("=")
    try:
        return number, [float(part) for part in place.split(",")]
    except ValueError as error:
        raise UsageError(f"--point {text} is no mesh point and place.", "Write such as 33=610,340.") from error
