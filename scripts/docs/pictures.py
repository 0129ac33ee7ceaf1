"""Makes the pictures of the documentation from the demo: run `python scripts/demo.py` first.

    python scripts/docs/pictures.py [--demo FOLDER] [--out FOLDER]

Run in the backend's environment. Made elsewhere, and left as they are: pictures of Blender's window (window_*.png), and
minutes.jpg, which lays swaps of the demo beside those of scripts/bench/quality_over_time.py.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
TWO_PEOPLE = ROOT / "tests" / "footage" / "two_people.mp4"
PLATE = ROOT / "demo" / "footage" / "plate_A.mp4"
FRAME = 60  # of the plate, whose layer is shown
SQUARE = 12  # pixels of the chequered ground's squares
JPEG = (cv2.IMWRITE_JPEG_QUALITY, 88)

Image = NDArray[np.uint8]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--demo", type=Path, default=ROOT / "demo" / "out", metavar="FOLDER", help="what the demo made")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "pictures", metavar="FOLDER")
    arguments = parser.parse_args()
    demo, out = arguments.demo.absolute(), arguments.out.absolute()
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        people = demo / "facesets"
        against = ("--against", people / "performer_A", "--picture", work / "coverage.png")
        backend(work, "faceset", "stats", people / "identity_B", *against)
        backend(work, "model", "curve", demo / "model", "--out", out / "curve.png")
        backend(work, "extract", TWO_PEOPLE, "--faceset", work / "two", "--frames", "1-20", wanted=2)  # asks who
        cv2.imwrite(str(out / "coverage.jpg"), read(work / "coverage.png"), JPEG)
        cv2.imwrite(str(out / "people.jpg"), read(work / "two" / "people.png"), JPEG)
        newest = max((demo / "model" / "previews").glob("*.png"))
        cv2.imwrite(str(out / "training.jpg"), read(newest), JPEG)
        cv2.imwrite(str(out / "layer.jpg"), layer(demo / "swap", FRAME), JPEG)
    return 0


def backend(work: Path, *words: object, wanted: int = 0) -> None:
    """Run ml-backend with a home of its own; fails where it ends with another code than is wanted."""
    environment = os.environ | {"ML_BACKEND_HOME": str(work / "home"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "ml_backend", *map(str, words)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != wanted:
        sys.exit(f"{' '.join(map(str, words))} ended with {done.returncode}:\n{done.stderr[-2000:]}")


def layer(swap: Path, number: int) -> Image:
    """The plate, the swap's layer on a chequered ground, and both together; H×3W×3 BGR uint8."""
    movie = cv2.VideoCapture(str(PLATE))
    movie.set(cv2.CAP_PROP_POS_FRAMES, number - 1)
    _, plate = movie.read()
    made = read(swap / f"{number:06d}.png", cv2.IMREAD_UNCHANGED)
    alpha = made[..., 3:].astype(np.float32) / 255
    height, width = plate.shape[:2]
    squares = (np.add.outer(np.arange(height) // SQUARE, np.arange(width) // SQUARE) % 2)[..., None]
    ground = np.where(squares == 0, 205, 245).astype(np.float32)
    alone = made[..., :3] * alpha + ground * (1 - alpha)
    both = made[..., :3] * alpha + plate * (1 - alpha)
    return np.hstack([plate, alone, both]).round().astype(np.uint8)


def read(file: Path, how: int = cv2.IMREAD_COLOR) -> Image:
    image = cv2.imread(str(file), how)
    if image is None:
        sys.exit(f"There is no picture {file}.")
    return np.asarray(image, np.uint8)


if __name__ == "__main__":
    sys.exit(main())
