"""Speed and memory of the main job's stages, each beside what bounds it, in one run.

    python scripts/bench/main_job.py [--size 1280x720] [--frames 150] [--preset quick96] [--steps 30]

Run in the backend's environment. The plate is the demo footage scaled up, written once to a temporary folder. Quote the
ratios: single seconds depend on the machine and on what else it does.
"""

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2

from ml_backend.media.movie import write_movie
from ml_backend.media.source import open_source

ROOT = Path(__file__).resolve().parents[2]
FOOTAGE = ROOT / "demo" / "footage"


def scaled_plate(path: Path, width: int, height: int, frames: int) -> None:
    """The demo plate in the middle of a frame of this size, its height filled, forwards and backwards in turn."""
    source = list(open_source(FOOTAGE / "plate_A.mp4").frames())
    order = itertools.islice(itertools.cycle([*source, *source[-2:0:-1]]), frames)
    left = (width - height) // 2

    def picture(image: Any) -> Any:
        # its edge columns, smeared: a mirrored picture would show further faces
        wide = cv2.resize(cv2.blur(image[:, [0, -1]], (1, 61)), (width, height), interpolation=cv2.INTER_LINEAR)
        wide[:, left : left + height] = cv2.resize(image, (height, height), interpolation=cv2.INTER_CUBIC)
        return wide

    write_movie(path, (picture(frame.image) for frame in order), Fraction(25))


def decode_alone(path: Path) -> float:
    started = time.perf_counter()
    count = sum(1 for _ in open_source(path).frames())
    return (time.perf_counter() - started) / count


def command(*words: str) -> dict[str, Any]:
    """One ml-backend command in a process of its own, as a user runs it; its --json result."""
    done = subprocess.run(
        [sys.executable, "-m", "ml_backend", *words, "--json"], check=True, stdout=subprocess.PIPE, text=True
    )
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--frames", type=int, default=150)
    parser.add_argument("--preset", default="quick96")
    parser.add_argument("--steps", type=int, default=30)
    arguments = parser.parse_args()
    width, height = (int(side) for side in arguments.size.split("x"))
    consent = ("--consent", str(ROOT / "demo" / "consent"), "--project", "demo")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        plate = folder / "plate.mp4"
        scaled_plate(plate, width, height, arguments.frames)
        decode = min(decode_alone(plate) for _ in range(3))
        faces = [f"--faceset={name}={folder / name}" for name in ("performer_A", "identity_B")]
        extract = command("extract", str(plate), "--faceset", str(folder / "performer_A"))
        command("extract", str(FOOTAGE / "identity_B_take1.mp4"), "--faceset", str(folder / "identity_B"))
        model = ("--model", str(folder / "model"))
        steps = ("--preset", arguments.preset, "--iterations", str(arguments.steps))
        train = command("train", *model, *faces, *steps, *consent)
        swap = command("swap", str(plate), *model, "--identity", "identity_B", "--out", str(folder / "swap"), *consent)
    per_frame, swap_frame = extract["seconds"] / extract["frames"], swap["seconds_per_frame"]
    rows = [
        ("decode alone", decode * 1000, "ms a frame", 1.0, None),
        ("extract", per_frame * 1000, "ms a frame", per_frame / decode, extract["peak_rss_mb"]),
        (
            "swap",
            swap_frame * 1000,
            "ms a frame",
            swap_frame / decode,
            swap["peak_rss_mb"],
        ),
        (f"train {arguments.preset}", train["images_per_second"], "images/s", None, train["peak_rss_mb"]),
    ]
    print(f"{arguments.frames} frames of {width}×{height}")
    for name, value, unit, ratio, memory in rows:
        times = "" if ratio is None else f"{ratio:8.1f} × decode"
        peak = "" if memory is None else f"{memory:8.0f} MB"
        print(f"{name:<18}{value:9.1f} {unit:<12}{times:<20}{peak}")


if __name__ == "__main__":
    main()
