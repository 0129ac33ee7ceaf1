"""The coverage picture: which poses and expressions performer and identity show, side by side."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.media.write import read_picture

from .coverage import Gap
from .drawing import (
    ALARM,
    EMPTY,
    FAINT,
    Picture,
    blank,
    fitting,
    frame,
    small_face,
    tag,
    text_width,
    write,
)
from .poses import PITCH_NAMES, YAW_NAMES, sort_into_cells
from .table import Table

CELL = 88  # pixels
GUTTER = 4
LEFT = 112  # for the rows' names
BETWEEN = 56
TOP = 96
LISTED = 8  # gaps that are told

_COLUMNS = tuple(name or "ahead" for name in YAW_NAMES)
_ROWS = (*(name or "level" for name in PITCH_NAMES), "closed mouth", "open mouth", "closed eyes")
_POSES = len(PITCH_NAMES)
_BREAK = 26  # between the poses and the expressions
_GRID = len(_COLUMNS) * (CELL + GUTTER)


def draw_coverage(performer: Table, identity: Table, titles: tuple[str, str], gaps: Sequence[Gap]) -> Picture:
    """H×W×3 RGB uint8: the performer on the left, the identity on the right, below in words what is missing.

    A cell shows the sharpest face of its kind and how many there are. Cells that the performer fills and the
    identity does not are framed on both sides where most of the performer's faces there are in one of `gaps`; the
    identity has faces close to the others, in a cell beside.
    """
    cells = [_members(table) for table in (performer, identity)]
    body = _row_top(len(_ROWS) - 1) + CELL
    picture = blank(body + 12, LEFT + 2 * _GRID + BETWEEN + 12)
    write(
        picture,
        "Where the faces look, and what they do. Left and right are those of the picture.",
        (12, 26),
        scale=0.55,
    )
    empty = {place for place, faces in cells[0].items() if len(faces) and not len(cells[1][place])}
    missed = [n for gap in gaps for n in gap.members]
    without = {place: int(np.isin(cells[0][place], missed).sum()) for place in empty}
    lacking = {place for place in empty if 2 * without[place] > len(cells[0][place])}
    for side, (table, title) in enumerate(zip((performer, identity), titles, strict=True)):
        x = LEFT + side * (_GRID + BETWEEN)
        head = f"{('Performer', 'Identity')[side]}: {title} ({len(table)} faces)"
        write(picture, fitting(head, _GRID, 0.6), (x, 56), scale=0.6)
        for column, name in enumerate(_COLUMNS):
            middle = x + column * (CELL + GUTTER) + CELL // 2
            write(picture, name, (middle - text_width(name, 0.4) // 2, TOP - 8), FAINT, 0.4)
        for (row, column), faces in cells[side].items():
            cell = _cell(table, faces, (row, column) in lacking)
            if side == 1 and (row, column) in empty:
                few = f"{without[row, column]} missing" if without[row, column] else "close by"
                text, colour = ("missing", ALARM) if (row, column) in lacking else (few, FAINT)
                write(cell, text, ((CELL - text_width(text)) // 2, CELL // 2 + 4), colour)
            y, left = _row_top(row), x + column * (CELL + GUTTER)
            picture[y : y + CELL, left : left + CELL] = cell
    for row, name in enumerate(_ROWS):
        write(picture, name, (10, _row_top(row) + CELL // 2 + 4), scale=0.42)
    return np.vstack([picture, _told(gaps, performer, picture.shape[1])])


def _row_top(row: int) -> int:
    return TOP + row * (CELL + GUTTER) + (_BREAK if row >= _POSES else 0)


def _members(table: Table) -> dict[tuple[int, int], NDArray[np.int64]]:
    """The faces of each cell by its row and column in the picture."""
    where = sort_into_cells(table)
    kinds = [where.row == row for row in range(_POSES)]
    kinds += [~where.mouth_open, where.mouth_open, where.eyes_shut]
    return {
        (row, column): np.flatnonzero(kind & (where.column == column))
        for row, kind in enumerate(kinds)
        for column in range(len(_COLUMNS))
    }


def _cell(table: Table, faces: NDArray[np.int64], lacking: bool) -> Picture:
    if len(faces):
        best = int(faces[table["sharpness"][faces].argmax()])
        picture = small_face(read_picture(table.folder / "faces" / table.files[best]), CELL)
    else:
        picture = blank(CELL, CELL, EMPTY)
    if lacking:
        frame(picture, ALARM)
    if len(faces):
        tag(picture, str(len(faces)))
    return picture


def _told(gaps: Sequence[Gap], performer: Table, width: int) -> Picture:
    """The worst gaps, each with the performer's examples."""
    side = 64
    if not gaps:
        picture = blank(48, width)
        write(picture, "The identity shows all that the performer does.", (12, 28), scale=0.55)
        return picture
    shown = gaps[:LISTED]
    half = (len(shown) + 1) // 2
    picture = blank(48 + half * (side + 8) + 8, width)
    cv2.line(picture, (12, 4), (width - 12, 4), EMPTY, 1)
    rest = f", and {len(gaps) - len(shown)} more" if len(gaps) > len(shown) else ""
    title = f"What the identity lacks, worst first{rest}; beside it, the performer's frames"
    write(picture, title, (12, 32), scale=0.55)
    for n, gap in enumerate(shown):
        x, y = 12 + (n // half) * (width // 2), 48 + (n % half) * (side + 8)
        for k, face in enumerate(gap.examples[:3]):
            thumbnail = small_face(read_picture(performer.folder / "faces" / performer.files[face]), side)
            tag(thumbnail, str(int(performer.frames[face])), 0.36)
            picture[y : y + side, x + k * (side + 4) : x + k * (side + 4) + side] = thumbnail
        left = x + 3 * (side + 4) + 8
        room = width // 2 - 3 * (side + 4) - 32
        told, _, rest = gap.sentence.partition(", ")
        count = f"{gap.faces} {'frame' if gap.faces == 1 else 'frames'}"
        below = f"{rest}: {count}" if rest else f"the performer does this on {count}"
        write(picture, fitting(f"{n + 1}. {told}", room, 0.5), (left, y + 26), ALARM, 0.5)
        write(picture, below, (left, y + 48), FAINT, 0.42)
    return picture
