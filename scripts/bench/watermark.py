"""What the watermark survives, how it changes the picture, how often an unmarked picture is taken for a marked one.

    python scripts/bench/watermark.py [--heights 384 540 1080] [--frames 12] [--unmarked 400]

Run in the backend's environment. The pictures are the demo's two actors: alone for 384 (the footage's own size), side
by side and enlarged with grain for larger heights (16:9). A row is one thing done to marked frames: how many single
frames were read, how many of the message's 48 bits were wrong before the check (at the known scale; 24 is chance), and
whether eight frames together were read. Times are the processor's, for a frame, on one thread.
"""

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.media.movie import write_movie
from ml_backend.media.source import open_source
from ml_backend.provenance.watermark import Reading, detect, embed
from ml_backend.provenance.watermark.detect import aligned, folded
from ml_backend.provenance.watermark.pattern import ACROSS, message_in, message_of

Picture = NDArray[Any]
Change = Callable[[list[Picture]], list[Picture]]

FOOTAGE = Path(__file__).parents[2] / "demo" / "footage"
PAYLOAD = 0x5EED1234


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--heights", nargs="+", type=int, default=[384, 540, 1080])
    parser.add_argument("--frames", type=int, default=12)
    parser.add_argument("--unmarked", type=int, default=400, help="unmarked pictures that are looked at")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    for height in arguments.heights:
        survival(height, arguments.frames)
    unmarked(arguments.unmarked)
    return 0


def frames_of(height: int, count: int) -> list[Picture]:
    first, second = (
        [frame.image for frame in open_source(FOOTAGE / name).frames(range(1, count + 1))]
        for name in ("plate_A.mp4", "identity_B_take1.mp4")
    )
    if height == 384:
        return first
    width = round(height * 16 / 9 / 2) * 2
    random = np.random.default_rng(0)
    made = []
    for left, right in zip(first, second, strict=True):
        pair = np.hstack([_enlarged(left, height, width // 2), _enlarged(right, height, width - width // 2)])
        made.append((pair + random.normal(0, 1.5, pair.shape)).clip(0, 255).astype(np.uint8))
    return made


def _enlarged(picture: Picture, height: int, width: int) -> Picture:
    side = max(height, width)
    large = cv2.resize(picture, (side, side), interpolation=cv2.INTER_CUBIC)
    top, left = (side - height) // 2, (side - width) // 2
    return large[top : top + height, left : left + width]


def survival(height: int, count: int) -> None:
    frames = frames_of(height, count)
    embed(frames[0], PAYLOAD)  # the pattern is made once a film
    started = time.process_time()
    marked = [embed(frame, PAYLOAD) for frame in frames]
    writing = (time.process_time() - started) / count * 1000
    detect(marked[0])
    started = time.process_time()
    for frame in marked:
        detect(frame)
    reading = (time.process_time() - started) / count * 1000
    started = time.process_time()
    detect(frames[0])
    none = (time.process_time() - started) * 1000
    noise = np.mean([psnr(a, b) for a, b in zip(frames, marked, strict=True)])
    alike = np.mean([ssim(a, b) for a, b in zip(frames, marked, strict=True)])
    print(f"\n## {frames[0].shape[1]}×{height}: PSNR {noise:.1f} dB, SSIM {alike:.4f}, ", end="")
    print(f"write {writing:.1f} ms, read {reading:.1f} ms, 'none' after {none:.0f} ms\n")
    print("| what was done | read | wrong bits | eight together |\n|---|---|---|---|")
    for name, change, chip in changes():
        changed = change(marked)
        single = [detect(frame) for frame in changed]
        size = chip * min(marked[0].shape[:2]) / ACROSS
        wrong = np.mean([wrong_bits(frame, size) for frame in changed])
        read = sum(reading.payload == PAYLOAD for reading in single)
        false = sum(reading.payload not in (None, PAYLOAD) for reading in single)
        print(
            f"| {name} | {read}/{len(changed)}{f' ({false} FALSE)' if false else ''} | {wrong:.1f} | "
            f"{shown(detect(changed[:8]))} |",
            flush=True,
        )


def shown(reading: Reading) -> str:
    if reading.payload is None:
        return "no"
    return f"yes ({reading.confidence:.2f})" if reading.payload == PAYLOAD else "FALSE"


def wrong_bits(frame: Picture, chip: float) -> int:
    seen, _ = aligned(folded([cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)], chip))
    pairs = zip(message_in(seen), message_of(PAYLOAD), strict=True)
    return sum((a ^ b).bit_count() for a, b in pairs)


def changes() -> Iterator[tuple[str, Change, float]]:
    """Name, what it does, and how large it makes a chip."""
    yield "nothing", lambda frames: frames, 1
    for quality in (90, 75, 50, 30):
        yield f"JPEG q{quality}", each(lambda frame, q=quality: jpeg(frame, q)), 1
    for crf in (18, 23, 28, 33):
        yield f"H.264 CRF {crf}", lambda frames, crf=crf: h264(frames, crf), 1
    for scale in (2, 0.75, 2 / 3, 0.5, 1 / 3):
        yield f"scaled ×{scale:.2f}", each(lambda frame, s=scale: scaled(frame, s)), scale
    yield "scaled ×0.50, JPEG q75", each(lambda frame: jpeg(scaled(frame, 0.5), 75)), 0.5
    yield "scaled ×0.67, H.264 CRF 23", lambda frames: h264([scaled(frame, 2 / 3) for frame in frames], 23), 2 / 3
    for part in (0.9, 0.7, 0.5, 0.35):
        yield f"cut to {part:.0%} of each side", each(lambda frame, p=part: cut(frame, p)), 1
        yield f"cut to {part:.0%}, JPEG q75", each(lambda frame, p=part: jpeg(cut(frame, p), 75)), 1
    yield "cut to 70%, scaled ×0.60", each(lambda frame: scaled(cut(frame, 0.7), 0.6)), 0.6
    yield "cut to 70%, H.264 CRF 23", lambda frames: h264([cut(frame, 0.7) for frame in frames], 23), 1
    yield "contrast ×0.7, +10", each(lambda frame: graded(frame * np.float32(0.7) + 10)), 1
    yield "contrast ×1.3, -20", each(lambda frame: graded(frame * np.float32(1.3) - 20)), 1
    for gamma in (0.7, 1.5):
        yield f"gamma {gamma}", each(lambda frame, g=gamma: graded(255 * (frame / np.float32(255)) ** g)), 1
    yield "noise of 5", each(noisy), 1
    yield "blur of 1.5 px", each(lambda frame: cv2.GaussianBlur(frame, (0, 0), 1.5)), 1
    yield "mirrored", each(lambda frame: np.ascontiguousarray(frame[:, ::-1])), 1
    yield "turned by 2°", each(turned), 1


def each(change: Callable[[Picture], Picture]) -> Change:
    return lambda frames: [change(frame) for frame in frames]


def jpeg(frame: Picture, quality: int) -> Picture:
    data = cv2.imencode(".jpg", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def h264(frames: Sequence[Picture], crf: int) -> list[Picture]:
    even = [frame[: frame.shape[0] // 2 * 2, : frame.shape[1] // 2 * 2] for frame in frames]
    with TemporaryDirectory() as folder:
        file = Path(folder) / "film.mp4"
        write_movie(file, even, Fraction(25), crf=crf)
        return [frame.image for frame in open_source(file).frames()]


def scaled(frame: Picture, scale: float) -> Picture:
    return cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)


def cut(frame: Picture, part: float) -> Picture:
    height, width = frame.shape[:2]
    top, left = int(height * (1 - part) * 0.4), int(width * (1 - part) * 0.3)
    return np.ascontiguousarray(frame[top : top + int(height * part), left : left + int(width * part)])


def graded(values: Picture) -> Picture:
    return np.rint(values).clip(0, 255).astype(np.uint8)


def noisy(frame: Picture) -> Picture:
    return graded(frame + np.random.default_rng(1).normal(0, 5, frame.shape).astype(np.float32))


def turned(frame: Picture) -> Picture:
    height, width = frame.shape[:2]
    return cv2.warpAffine(
        frame, cv2.getRotationMatrix2D((width / 2, height / 2), 2, 1), (width, height), borderMode=cv2.BORDER_REFLECT
    )


def psnr(a: Picture, b: Picture) -> float:
    return float(10 * np.log10(255**2 / np.mean((a.astype(np.float32) - b) ** 2)))


def ssim(a: Picture, b: Picture) -> float:
    """Structural similarity of the brightness (Wang et al. 2004), Gaussian window of 1.5."""
    x, y = (cv2.cvtColor(p, cv2.COLOR_RGB2GRAY).astype(np.float64) for p in (a, b))
    mean = [cv2.GaussianBlur(v, (0, 0), 1.5) for v in (x, y, x * x, y * y, x * y)]
    product = mean[0] * mean[1]
    squares = mean[0] ** 2 + mean[1] ** 2
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    top = (2 * product + c1) * (2 * (mean[4] - product) + c2)
    return float((top / ((squares + c1) * (mean[2] + mean[3] - squares + c2))).mean())


def unmarked(count: int) -> None:
    """Every frame of the demo's footage as it is, compressed, scaled and cut, and pictures of coloured noise."""
    false = looked = 0
    highest = 0.0
    for picture in plain_pictures(count):
        reading = detect(picture)
        looked += 1
        false += reading.payload is not None
        highest = max(highest, reading.confidence)
    print(f"\nUnmarked pictures: {looked} looked at, {false} taken for marked, highest confidence {highest:.2f} of 0.5")


def plain_pictures(count: int) -> Iterator[Picture]:
    random = np.random.default_rng(7)
    sources = [open_source(file) for file in sorted(FOOTAGE.glob("*.mp4"))]
    for number in range(count):
        if number % 4 == 3:  # noise as coarse as a random size
            small = random.integers(0, 256, (*random.integers(40, 300, 2), 3), np.uint8)
            yield cv2.resize(small, (480, 360), interpolation=cv2.INTER_CUBIC)
            continue
        source = sources[number % len(sources)]
        frame = next(iter(source.frames([1 + number * 7 % source.info.count]))).image
        yield cut(jpeg(scaled(frame, float(random.uniform(0.6, 1.8))), 80), float(random.uniform(0.6, 1)))


if __name__ == "__main__":
    raise SystemExit(main())
