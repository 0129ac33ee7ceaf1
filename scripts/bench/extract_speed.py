"""Speed and memory of extraction with one face, beside decoding alone, in one run.

    python scripts/bench/extract_speed.py [--size 1280x720 --size 1920x1080] [--frames 320] [--rounds 3]

Run in the backend's environment. `follow` is everything up to the tracks (decode, cuts, detector, landmarks, index):
what a second extraction need not do again. `extract` is all of `ml-backend extract`, the crops and their embeddings
too. The rounds take turns, so that other work on the machine meets all of them. Quote the ratios: single seconds depend
on the machine. The memory is that of `ml-backend extract` in a process of its own, for the clip and for one four times
as long. It reaches its peak at frame 302, when all that waits is in memory and small faces are looked for again: two
clips of which only one is longer than that differ by 80 MB at 720p.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from main_job import command, scaled_plate

from ml_backend.faces.tracking import FaceTracker
from ml_backend.facesets.observations import Observations
from ml_backend.facesets.observe import observe
from ml_backend.media.source import open_source


def decode(plate: Path) -> float:
    """Seconds a frame."""
    source = open_source(plate)
    started = time.perf_counter()
    count = sum(1 for _ in source.frames())
    return (time.perf_counter() - started) / count


def follow(plate: Path, folder: Path, average: bool) -> float:
    """Seconds a frame."""
    source, tracker = open_source(plate), FaceTracker(average=average)
    with Observations.open(folder / f"{time.monotonic_ns()}.sqlite", {}) as observations:
        started = time.perf_counter()
        observe(source, source.numbers, observations, tracker, lambda: False)
        return (time.perf_counter() - started) / len(source.numbers)


def extract(plate: Path, folder: Path) -> tuple[float, float]:
    """Seconds a frame and the peak of the memory in MB."""
    result = command("extract", str(plate), "--faceset", str(folder / f"faces{time.monotonic_ns()}"))
    return result["seconds"] / result["frames"], result["peak_rss_mb"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", action="append", metavar="WxH")
    parser.add_argument("--frames", type=int, default=320)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    for size in arguments.size or ["1280x720", "1920x1080"]:
        width, height = (int(side) for side in size.split("x"))
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            plate, longer = folder / "plate.mp4", folder / "longer.mp4"
            scaled_plate(plate, width, height, arguments.frames)
            scaled_plate(longer, width, height, arguments.frames * 4)
            times: dict[str, list[float]] = {}
            peak = 0.0
            for _ in range(arguments.rounds):
                times.setdefault("decode alone", []).append(decode(plate))
                times.setdefault("follow", []).append(follow(plate, folder, average=False))
                times.setdefault("follow, averaged", []).append(follow(plate, folder, average=True))
                whole, peak = extract(plate, folder)
                times.setdefault("extract", []).append(whole)
            _, peak_longer = extract(longer, folder)
        print(f"\n{arguments.frames} frames of {width}×{height}, one face, {arguments.rounds} rounds")
        alone = statistics.median(times["decode alone"])
        for name, values in times.items():
            middle = statistics.median(values)
            pairs = [value / base for value, base in zip(values, times["decode alone"], strict=True)]
            print(
                f"{name:<18}{1 / middle:7.1f} frames/s   {alone / middle:5.2f} of decode's speed   "
                f"(time ratios {min(pairs):.2f}-{max(pairs):.2f})"
            )
        print(f"memory            {peak:7.0f} MB; four times as many frames: {peak_longer:.0f} MB")


if __name__ == "__main__":
    main()
