"""A contact sheet: a row for each of some frames with the plate, the swap laid over it, and the truth.

    python scripts/contact_sheet.py SWAP_DIR PLATE TRUTH OUT.png [--frames 1,20,40]

Run in the backend's environment.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np

from ml_backend.media.source import open_source
from ml_backend.media.write import read_picture, write_rgb
from ml_backend.swapping.manifest import read_manifest
from ml_backend.swapping.render import flatten

ROWS = 8
HEADER = 28
TITLES = ("plate", "swap", "ground truth")


def contact_sheet(swap: Path, plate: str, truth: str, numbers: list[int] | None) -> np.ndarray:
    """H×W×3 RGB uint8; without `numbers`, frames spread evenly over the swap."""
    records = {record.number: record for record in read_manifest(swap).frames}
    every = sorted(records)
    numbers = numbers or [every[i] for i in np.linspace(0, len(every) - 1, min(ROWS, len(every))).round().astype(int)]
    rows = []
    for original, wanted in zip(open_source(plate).frames(numbers), open_source(truth).frames(numbers), strict=True):
        result = flatten(original.image, read_picture(swap / records[original.number].file))
        row = np.ascontiguousarray(np.hstack([original.image, result, wanted.image]))
        if row.dtype == np.uint16:
            row = (row >> 8).astype(np.uint8)
        _label(row, str(original.number), (6, row.shape[0] - 8))
        rows.append(row)
    header = np.zeros((HEADER, rows[0].shape[1], 3), np.uint8)
    for column, title in enumerate(TITLES):
        place = (column * rows[0].shape[1] // len(TITLES) + 8, HEADER - 9)
        _label(header, title, place)
    return np.vstack([header, *rows])


def _label(image: np.ndarray, text: str, place: tuple[int, int]) -> None:
    """White on a black plate, so that it can be read on any picture. `place` is the text's lower left corner."""
    (width, height), below = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.5, 1)
    x, y = place
    cv2.rectangle(image, (x - 4, y - height - 4), (x + width + 4, y + below), (0, 0, 0), -1)
    cv2.putText(image, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1, cv2.LINE_AA)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("swap", type=Path)
    parser.add_argument("plate")
    parser.add_argument("truth")
    parser.add_argument("out", type=Path)
    parser.add_argument("--frames", type=lambda text: [int(n) for n in text.split(",")])
    arguments = parser.parse_args()
    write_rgb(arguments.out, contact_sheet(arguments.swap, arguments.plate, arguments.truth, arguments.frames))
    print(arguments.out)
