"""Pictures of the demo's face over some frames, side by side: the plate, swaps of it and the truth.

python scripts/bench/contact_sheet.py SHEET.png without=WORK/…/swap with=WORK/…/swap [--frames 20 60 95 115]
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from demo_pair import DEMO, Pair
from numpy.typing import NDArray

from ml_backend.media.source import open_source
from ml_backend.media.write import read_picture, write_rgb
from ml_backend.swapping.manifest import read_manifest
from ml_backend.swapping.render import flatten

SIDE = 192  # of a face in the sheet
BAND = 28  # above the columns, for their names
AROUND = 1.25  # how much more than the mask is seen


def contact_sheet(pair: Pair, swaps: Mapping[str, Path], frames: Sequence[int], file: Path) -> None:
    """One row a frame: plate, the swaps (folders of layers) by name, truth; cut out around the mask, which must be."""
    sources = [open_source(str(path)).frames(frames) for path in (pair.performer, pair.truth, pair.mask)]
    rows = []
    for original, wanted, grey in zip(*sources, strict=True):
        made = []
        for folder in swaps.values():
            layers = {record.number: record.file for record in read_manifest(folder).frames}
            made.append(flatten(original.image, read_picture(folder / layers[original.number])))
        window = _around(grey.image)
        rows.append(np.hstack([_cut(picture, window) for picture in (original.image, *made, wanted.image)]))
    band = np.full((BAND, rows[0].shape[1], 3), 255, np.uint8)
    for column, name in enumerate(["plate", *swaps, "truth"]):
        cv2.putText(band, name, (column * SIDE + 8, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.52, (60, 60, 60), 1, cv2.LINE_AA)
    write_rgb(file, np.vstack([band, *rows]))


def _around(grey: NDArray[np.uint8 | np.uint16]) -> tuple[slice, slice]:
    """The square around the mask, inside the picture."""
    ys, xs = np.nonzero(grey.mean(2) > np.iinfo(grey.dtype).max / 2)
    half = int(AROUND * max(np.ptp(xs), np.ptp(ys)) / 2)
    y, x = int(ys.min() + ys.max()) // 2, int(xs.min() + xs.max()) // 2
    return slice(max(y - half, 0), y + half), slice(max(x - half, 0), x + half)


def _cut(picture: NDArray[np.uint8 | np.uint16], window: tuple[slice, slice]) -> NDArray[np.uint8]:
    part = picture[window]
    small = cv2.resize(part.astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    cut: NDArray[np.uint8] = np.clip(small * (255 / np.iinfo(picture.dtype).max), 0, 255).round().astype(np.uint8)
    return cut


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sheet", type=Path)
    parser.add_argument("swaps", nargs="+", metavar="NAME=FOLDER")
    parser.add_argument("--frames", nargs="+", type=int, default=[20, 60, 95, 115])
    arguments = parser.parse_args()
    swaps = {name: Path(folder) for name, folder in (word.split("=", 1) for word in arguments.swaps)}
    contact_sheet(DEMO, swaps, arguments.frames, arguments.sheet)


if __name__ == "__main__":
    main()
