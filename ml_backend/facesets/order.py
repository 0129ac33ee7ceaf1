"""Look at a faceset's faces in an order of one's choice. What is stored stays as it is."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml_backend import atomic
from ml_backend.errors import BackendError, Cancelled, UsageError
from ml_backend.media.write import read_picture
from ml_backend.progress import Reporter

from .choices import ORDERS
from .drawing import Picture, blank, save, small_face, tag, write
from .even import farthest_first
from .look import chain
from .store import Faceset
from .table import Table, read_table

MOST_SHOWN = 400  # faces of a sheet
_COLUMNS, _SIDE, _GAP, _HEAD = 20, 72, 2, 40


def values_by(table: Table, key: str) -> NDArray[np.float64]:
    """N: what `key`, one of `KEYS` but `ORDERS`, says of each face; for `source` the place in the store's order."""
    if key == "source":
        return np.arange(len(table), dtype=np.float64)
    return table["skin" if key == "exposure" else key]


def put_in_order(table: Table, key: str, descending: bool = False) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The places of N faces ordered by `key`, one of `KEYS`, and the value of each, N; equal ones in the store's order.

    The value of the first of `ORDERS` is the distance of a face's look to that before it, of the second one to the
    nearest of all before it.
    """
    if key in ORDERS:
        looks = table.looks.astype(np.float32)
        order, values = chain(table.looks) if key == "alike" else farthest_first(looks, None, len(looks))
        return (order[::-1], values[::-1]) if descending else (order, values)
    values = values_by(table, key)
    order = np.argsort(-values if descending else values, kind="stable")
    return order, values[order]


def run_sort(
    faceset: Faceset, key: str, sheet: Path, reporter: Reporter, *, out: Path | None = None, descending: bool = False
) -> dict[str, Any]:
    """Order the faces by one of `KEYS`, ascending; draw a sheet of them, and copy them to a new folder `out`.

    Raises UsageError where `out` exists, Cancelled when asked to stop; then there is no `out`.
    """
    if out is not None and out.exists():
        raise UsageError(f"{out} exists already.", "Choose a new folder for the copies.")
    table = read_table(faceset, reporter)
    order, values = put_in_order(table, key, descending)
    save(sheet, draw_sheet(table, order, values, f"{faceset.folder.name}, by {key}"))
    if out is not None:
        _copy([table.folder / "faces" / table.files[n] for n in order], values, key, out, reporter)
    return {
        "faceset": str(faceset.folder),
        "by": key,
        "faces": len(table),
        "sheet": str(sheet),
        "out": None if out is None else str(out),
        "order": [{"file": table.files[n], "value": _shown(value)} for n, value in zip(order, values, strict=True)],
    }


def _shown(value: float) -> float | None:
    """None for infinity, which JSON does not have: a lone face has no nearest other one."""
    return round(float(value), 4) if np.isfinite(value) else None


def draw_sheet(table: Table, order: NDArray[np.integer], values: NDArray[np.float64], title: str) -> Picture:
    """H×W×3 RGB uint8: the faces in rows from left to right, each with its value; of many, some spread evenly."""
    count = min(len(order), MOST_SHOWN)
    shown = np.linspace(0, max(len(order) - 1, 0), count).round().astype(int)
    step, rows = _SIDE + _GAP, -(-count // _COLUMNS)
    picture = blank(_HEAD + rows * step, _COLUMNS * step)
    part = f" ({count} of {len(order)} faces)" if count < len(order) else f" ({count} faces)"
    write(picture, title + part, (8, 26), scale=0.55)
    for place, n in enumerate(shown):
        face = small_face(read_picture(table.folder / "faces" / table.files[order[n]]), _SIDE)
        tag(face, f"{values[n]:.3g}", 0.36)
        y, x = _HEAD + (place // _COLUMNS) * step, (place % _COLUMNS) * step
        picture[y : y + _SIDE, x : x + _SIDE] = face
    return picture


def _copy(files: Sequence[Path], values: NDArray[np.float64], key: str, out: Path, reporter: Reporter) -> None:
    digits = max(5, len(str(len(files))))
    try:
        with atomic.new_folder(out.absolute()) as folder:
            for number, (file, value) in enumerate(zip(files, values, strict=True), 1):
                shown = "" if key == "source" else f"_{re.sub(r'[^0-9.+-]', '', f'{value:.3f}')}"
                (folder / f"{number:0{digits}d}{shown}_{file.name}").write_bytes(file.read_bytes())
                reporter.progress("copy", number, len(files))
                if reporter.stop_requested():
                    raise Cancelled
    except OSError as error:
        raise BackendError(
            f"The copies cannot be written to {out}: {error.strerror}.", "Choose a folder that can be written."
        ) from error
