"""The masks of a faceset that a person painted, and which face to paint next.

DIR/masks/painted/NAME.png is 8-bit grey and as large as the crop DIR/faces/NAME.png: 255 where the face is seen, 0
where something covers it. A mask model writes DIR/masks/predicted/NAME.png; a painted mask wins over it.
"""

from array import array
from collections.abc import Collection, Sequence
from itertools import pairwise
from pathlib import Path

from . import grey_png, whole_file
from .errors import DeepfakeError


def painted_path(faceset: Path, name: str) -> Path:
    return faceset / "masks" / "painted" / name


def present(faceset: Path, name: str) -> Path | None:
    """The mask to go on from: the painted one, else the predicted one, else none."""
    candidates = (painted_path(faceset, name), faceset / "masks" / "predicted" / name)
    return next((path for path in candidates if path.is_file()), None)


def painted(faceset: Path) -> set[str]:
    """The names of the faces that have a painted mask."""
    folder = painted_path(faceset, "x").parent
    return {file.name for file in folder.iterdir() if file.suffix == ".png"} if folder.is_dir() else set()


def save(faceset: Path, name: str, pixels: "array[float]", width: int, height: int) -> Path:
    """Keep a painted mask (float RGBA, the bottom row first; red counts); return its file."""
    path = painted_path(faceset, name)
    try:
        whole_file.write_bytes(path, grey_png.from_rgba(pixels, width, height))
    except OSError as error:
        raise DeepfakeError(f"The mask {path} cannot be written: {error.strerror}.", "Look at the disk.") from error
    return path


def next_to_paint(names: Sequence[str], done: Collection[str]) -> str | None:
    """The face in the middle of the longest run of faces without a mask: so a few masks spread over all footage."""
    marks = [-1, *(n for n, name in enumerate(names) if name in done), len(names)]
    gaps = [(after - before, -before, before, after) for before, after in pairwise(marks)]
    length, _, before, after = max(gaps)
    return names[(before + after) // 2] if length > 1 else None


def neighbour(names: Sequence[str], name: str, step: int) -> str | None:
    """The face `step` further in `names`; None at their end, the first where `name` is not one of them."""
    if name not in names:
        return names[0] if names else None
    place = names.index(name) + step
    return names[place] if 0 <= place < len(names) else None
