"""A small faceset as the backend makes it: pictures, and the index with the tables that the extension reads."""

import sqlite3
import struct
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pictures

SCHEMA = """
CREATE TABLE source (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, label TEXT NOT NULL UNIQUE);
CREATE TABLE face (file TEXT PRIMARY KEY, source INTEGER NOT NULL, number INTEGER NOT NULL, track INTEGER NOT NULL,
  landmarks BLOB NOT NULL);
"""


def make(folder: Path, source: Path, faces: list[tuple[int, int, tuple[float, float]]], size: tuple[int, int]) -> Path:
    """`faces`: frame, track and middle of each; all points lie on an ellipse of 40 × 60 pixels around the middle."""
    (folder / "faces").mkdir(parents=True)
    with closing(sqlite3.connect(folder / "index.sqlite")) as index, index:
        index.executescript(SCHEMA)
        index.execute("INSERT INTO source VALUES (1, ?, 'plate')", (str(source),))
        for number, track, middle in faces:
            name = f"plate_{number:06d}_{track}.png"
            values = [value for point in range(478) for value in (*ellipse(point, middle), 0.0)]
            row = (name, number, track, struct.pack(f"<{3 * 478}f", *values))
            index.execute("INSERT INTO face VALUES (?, 1, ?, ?, ?)", row)
            pictures.write_rgba(folder / "faces" / name, crop(number, *size))
    return folder


def ellipse(point: int, middle: tuple[float, float]) -> tuple[float, float]:
    angle = 2 * np.pi * point / 478
    return float(middle[0] + 20 * np.cos(angle)), float(middle[1] + 30 * np.sin(angle))


def crop(number: int, width: int, height: int) -> Any:
    image = np.full((height, width, 4), 255, np.uint8)
    image[..., 0], image[..., 1] = np.arange(width) % 256, number
    return image
