"""Points and boxes as people type them."""

from collections.abc import Mapping, Sequence

from .errors import UsageError

Point = tuple[float, float]
Box = tuple[float, float, float, float]
_MESH_POINTS = 478


def point(text: str) -> Point:
    """ "640,210" """
    x, y = _numbers(text, 2, "a point", "640,210")
    return x, y


def box(text: str) -> Box:
    """ "600,150,700,280": left, top, right and bottom."""
    x0, y0, x1, y1 = _numbers(text, 4, "a box", "600,150,700,280")
    return x0, y0, x1, y1


def points(words: Sequence[str]) -> dict[int, Point]:
    """`["33=120.5,80", …]` by the number of the mesh point."""
    found = {}
    for word in words:
        index, _, place = word.partition("=")
        if not index.isdecimal() or int(index) >= _MESH_POINTS:
            raise UsageError(
                f"{word!r} names no point of the mesh.",
                f"Write 33=120.5,80 with a number from 0 to {_MESH_POINTS - 1}.",
            )
        found[int(index)] = point(place)
    return found


def of_points(placed: Mapping[int, Point]) -> str:
    """As `points` reads them."""
    return " ".join(f"{index}={x:.2f},{y:.2f}" for index, (x, y) in sorted(placed.items()))


def _numbers(text: str, count: int, what: str, example: str) -> list[float]:
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        values = []
    if len(values) != count or not all(abs(value) < 1e6 for value in values):
        raise UsageError(f"{text!r} is not {what}.", f"Write it as {example}, in pixels of the frame.")
    return values
