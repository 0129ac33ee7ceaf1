"""Text in lines that fit."""

from collections.abc import Callable


def wrap(text: str, room: float, width_of: Callable[[str], float]) -> list[str]:
    """`text` in lines that are at most `room` wide as `width_of` measures them, broken between words; a word that is
    wider than that, such as a path, is broken inside."""
    lines, line = [], ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if width_of(longer) <= room:
            line = longer
            continue
        if line:
            lines.append(line)
        line = word
        while width_of(line) > room and len(line) > 1:
            fitting = next((n for n in range(len(line) - 1, 1, -1) if width_of(line[:n]) <= room), 1)
            lines.append(line[:fitting])
            line = line[fitting:]
    return [*lines, line] if line else lines
