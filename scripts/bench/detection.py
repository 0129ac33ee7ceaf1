"""What the detector finds, what it finds wrongly, and what it costs, quickly and thoroughly.

    python scripts/bench/detection.py [--only sizes,conditions,crowd,false,cost] [--frames 2] [--all] [--contact FOLDER]

Run in the backend's environment. Heads of the demo footage, whose landmarks are known, are pasted with a soft edge into
frames made of what is beside the heads in the same footage. A face counts as found if a box overlaps its landmarks' box
by 0.3 or more (intersection over union), and as upright if the left eye is nearer than half the distance of the eyes to
its place. All else is a false hit. `--contact` stores one picture of each table with what was found.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.faces.detection import CenterFace, Detection, SmallestFace
from ml_backend.media.source import open_source

FOOTAGE = Path(__file__).resolve().parents[2] / "demo" / "footage"
CLIPS = ("plate_A", "identity_B_take1", "identity_B_take2")
HD, UHD, EIGHT_K = (1920, 1080), (3840, 2160), (7680, 4320)
Picture = NDArray[np.uint8]
Points = NDArray[np.float64]
Detect = Callable[[Picture], list[Detection]]


@dataclass(frozen=True)
class Scene:
    picture: Picture
    faces: list[Points] = field(default_factory=list)


@cache
def heads() -> list[tuple[Picture, Points]]:
    """Frames of the footage, 384×384, and their landmarks, 68×2."""
    found = []
    for clip in CLIPS:
        lines = (FOOTAGE / f"{clip}.jsonl").read_text().splitlines()
        for frame in open_source(FOOTAGE / f"{clip}.mp4").frames(range(1, 121, 13)):
            found.append((frame.image.astype(np.uint8), np.array(json.loads(lines[frame.number - 1])["landmarks68"])))
    return found


@cache
def surroundings() -> list[Picture]:
    """What is beside the heads."""
    found = []
    for image, points in heads():
        left, right = int(points[:, 0].min()) - 110, int(points[:, 0].max()) + 110
        found += [part for part in (image[:150, : max(left, 0)], image[:150, right:]) if part.shape[1] > 40]
    return found


def empty(size: tuple[int, int], rng: np.random.Generator) -> Picture:
    """A frame (width, height) without a face: a wall with parts of others on it, and a camera's noise."""
    width, height = size
    parts = surroundings()
    frame = cv2.resize(parts[rng.integers(len(parts))], size, interpolation=cv2.INTER_CUBIC)
    for _ in range(25):
        w, h = int(width * rng.uniform(0.03, 0.25)), int(height * rng.uniform(0.05, 0.4))
        x, y = rng.integers(width - w), rng.integers(height - h)
        frame[y : y + h, x : x + w] = cv2.resize(parts[rng.integers(len(parts))], (w, h))
    noise = np.tile(rng.integers(-3, 4, (540, 960, 1), np.int16), (-(-height // 540), -(-width // 960), 1))
    noisy: Picture = np.clip(frame + noise[:height, :width], 0, 255).astype(np.uint8)
    return noisy


def paste(
    frame: Picture, head: int, side: float, place: tuple[float, float], *, roll: float = 0, cover: str = ""
) -> Points:
    """Paste a head, its landmarks' longer side `side` pixels and their middle at `place`; where they are then."""
    image, points = heads()[head % len(heads())]
    image, low, high = image.copy(), points.min(0), points.max(0)
    nose = int(points[27:31, 0].mean())
    hidden: dict[str, tuple[slice, slice]] = {
        "left": np.s_[:, :nose],
        "right": np.s_[:, nose:],
        "bottom": np.s_[int(points[33, 1]) :, :],
    }
    if cover:
        image[hidden[cover]] = np.array((70, 80, 60), np.uint8)
    scale, turn = side / (high - low).max(), np.radians(roll)
    linear = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    n = int(384 * scale * 1.45) | 1
    corner = np.round(np.array(place) - n / 2).astype(int)
    matrix = np.column_stack([linear, np.array(place) - corner - linear @ ((low + high) / 2)])
    ramp = np.minimum(np.arange(384), np.arange(384)[::-1])
    soft = np.clip(np.minimum(ramp[:, None], ramp) / 20, 0, 1).astype(np.float32)
    if scale < 0.9:
        image = cv2.GaussianBlur(image, (0, 0), 0.5 * (1 / scale - 1)).astype(np.uint8)
    patch, alpha = cv2.warpAffine(image, matrix, (n, n)), cv2.warpAffine(soft, matrix, (n, n))[..., None]
    limit = np.array(frame.shape[1::-1])
    x0, y0 = np.maximum(corner, 0)
    x1, y1 = np.minimum(corner + n, limit)
    inside = np.s_[y0 - corner[1] : y1 - corner[1], x0 - corner[0] : x1 - corner[0]]
    below = frame[y0:y1, x0:x1]
    frame[y0:y1, x0:x1] = (below + (patch[inside] - below.astype(np.float32)) * alpha[inside]).astype(np.uint8)
    moved: Points = points @ matrix[:, :2].T + matrix[:, 2] + corner
    return moved


def scene(
    size: tuple[int, int],
    side: float,
    seed: int,
    *,
    columns: int = 4,
    rows: int = 2,
    roll: float = 0,
    cover: str = "",
    change: Callable[[Picture, np.random.Generator], Picture] | None = None,
) -> Scene:
    """Faces of one side in a loose grid; `change` is done to the whole frame."""
    rng = np.random.default_rng(seed)
    frame, faces = empty(size, rng), []
    for index in range(columns * rows):
        cell = np.array([(index % columns + 0.5) / columns, (index // columns + 0.5) / rows])
        place = (cell + rng.uniform(-0.02, 0.02, 2)) * size
        faces.append(paste(frame, 7 * (seed * 8 + index), side, (place[0], place[1]), roll=roll, cover=cover))
    return Scene(change(frame, rng) if change else frame, faces)


def darken(picture: Picture, rng: np.random.Generator, stops: float) -> Picture:
    """So many stops less light (gamma 2.2), with noise of three codes."""
    table = ((np.arange(256) / 255) ** 2.2 * 2.0**-stops) ** (1 / 2.2) * 255
    noise = rng.normal(0, 3, picture.shape).astype(np.float32)
    dark: Picture = np.clip(table.astype(np.float32)[picture] + noise + 0.5, 0, 255).astype(np.uint8)
    return dark


def blur(picture: Picture, _: np.random.Generator, sigma: float) -> Picture:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.uint8)


@dataclass
class Count:
    faces: int = 0
    found: int = 0
    upright: int = 0
    false: int = 0
    twice: int = 0

    def add(self, shown: Scene, detections: list[Detection]) -> None:
        taken: set[int] = set()
        for face in detections:
            overlaps = [_overlap(face, points) for points in shown.faces]
            best = int(np.argmax(overlaps)) if overlaps else -1
            if best < 0 or overlaps[best] < 0.3:
                self.false += 1
            elif best in taken:
                self.twice += 1
            else:
                taken.add(best)
                points = shown.faces[best]
                off = np.linalg.norm(face.points[0] - points[36:42].mean(0))
                self.upright += bool(off < 0.5 * np.linalg.norm(points[36:42].mean(0) - points[42:48].mean(0)))
        self.faces += len(shown.faces)
        self.found += len(taken)

    def __str__(self) -> str:
        found = f"{self.found:3}/{self.faces:<3} upright {self.upright:3}" if self.faces else ""
        return f"{found} false {self.false}" + (f" twice {self.twice}" if self.twice else "")


def _overlap(face: Detection, points: Points) -> float:
    low, high = points.min(0), points.max(0)
    inside = np.prod(np.maximum(np.minimum(face.box[2:], high) - np.maximum(face.box[:2], low), 0))
    return float(inside / (np.prod(high - low) + np.prod(face.box[2:] - face.box[:2]) - inside))


def without_faces(size: tuple[int, int]) -> Iterator[tuple[str, Picture]]:
    """Pictures in which nothing is a face."""
    width, height = size
    for seed in range(6):
        rng = np.random.default_rng(seed)
        wall = empty(size, rng)
        yield "surroundings", wall
        yield "dark surroundings", darken(wall, rng, 6)
        yield "noise", rng.integers(0, 256, (height, width, 3), np.uint8)
        coarse = rng.integers(0, 256, (9 << seed, 16 << seed, 3), np.uint8)
        yield "blotches", cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC).astype(np.uint8)
        yield "dark noise", rng.integers(0, 4, (height, width, 3), np.uint8)
        text = np.full((height, width, 3), rng.integers(0, 256), np.uint8)
        for _ in range(60):
            words = "".join(rng.choice(list("abcdeghOoQ8069@%&(:)WMs ."), 24))
            place = (int(rng.integers(-99, width)), int(rng.integers(0, height)))
            colour = [int(value) for value in rng.integers(0, 256, 3)]
            cv2.putText(
                text, words, place, int(rng.integers(0, 8)), rng.uniform(0.4, 8), colour, int(rng.integers(1, 9))
            )
        yield "text", text
        y, x = np.mgrid[:height, :width].astype(np.float32)
        wave = np.sin(x * rng.uniform(0.01, 1)) * np.sin(y * rng.uniform(0.01, 1) + np.sin(x / 50))
        yield "texture", np.repeat(((wave + 1) * 127).astype(np.uint8)[..., None], 3, 2)
        discs = wall.copy()
        for _ in range(200):
            colour = [int(value) for value in rng.integers(0, 256, 3)]
            centre = (int(rng.integers(width)), int(rng.integers(height)))
            cv2.circle(discs, centre, int(rng.integers(4, 120)), colour, -1 if rng.random() < 0.6 else 3)
        yield "discs", discs


class Bench:
    def __init__(self, detectors: dict[str, Detect], frames: int, contact: Path | None = None) -> None:
        self.detectors = detectors
        self.frames = frames
        self.contact = contact

    def row(self, label: str, make: Callable[[int], Scene]) -> None:
        counts = {name: Count() for name in self.detectors}
        for seed in range(self.frames):
            shown = make(seed)
            for name, detect in self.detectors.items():
                found = detect(shown.picture)
                counts[name].add(shown, found)
                if self.contact and seed == 0:
                    self._store(f"{label} {name}", shown.picture, found)
        print(f"{label:24}" + "  |  ".join(f"{name} {count}" for name, count in counts.items()), flush=True)

    def _store(self, name: str, picture: Picture, found: list[Detection]) -> None:
        assert self.contact
        scale = 1600 / picture.shape[1]
        small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        for face in found:
            x0, y0, x1, y1 = (int(value * scale) for value in face.box)
            cv2.rectangle(small, (x0 - 1, y0 - 1), (x1 + 1, y1 + 1), (0, 255, 0), 2)
            for x, y in face.points[:2] * scale:
                cv2.circle(small, (int(x), int(y)), 2, (255, 0, 0), -1)
            cv2.putText(small, f"{face.score:.2f}", (x0, y0 - 4), 0, 0.5, (255, 255, 0), 1)
        self.contact.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(self.contact / f"{name.replace(' ', '_')}.jpg"), small[..., ::-1])

    def sizes(self) -> None:
        for size in (HD, UHD, EIGHT_K):
            for side in (16, 24, 32, 48, 64, 100, 140, 200):
                self.row(f"{size[0]} face {side} px", lambda seed, size=size, side=side: scene(size, side, seed))  # type: ignore[misc]

    def conditions(self) -> None:
        for side in (40, 120):
            at = partial(scene, HD, side)
            self.row(f"{side} px as it is", at)
            for stops in (2, 3, 4, 5, 7):
                self.row(f"{side} px {stops} stops dark", partial(at, change=partial(darken, stops=stops)))
            for sigma in (1, 2, 3, 4, 6):
                self.row(f"{side} px blurred {sigma} px", partial(at, change=partial(blur, sigma=sigma)))
            for cover in ("left", "right", "bottom"):
                self.row(f"{side} px {cover} covered", partial(at, cover=cover))
            for roll in (0, 30, 45, 60, 75, 90, 120, 150, 180, 225, 270, 315):
                self.row(f"{side} px rolled {roll}", partial(at, roll=roll))

    def crowd(self) -> None:
        for size, side in ((HD, 60), (HD, 110), (UHD, 60), (UHD, 200)):
            self.row(f"{size[0]} 30 of {side} px", partial(scene, size, side, columns=6, rows=5))
        for side in (400, 700, 1000):
            self.row(f"1920 one of {side} px", partial(scene, HD, side, columns=1, rows=1))
        for side in (800, 1500, 2000):
            self.row(f"3840 one of {side} px", partial(scene, UHD, side, columns=1, rows=1))

    def false(self) -> None:
        for size in (HD, UHD):
            for name, detect in self.detectors.items():
                scores: dict[str, list[float]] = {}
                pictures = 0
                for kind, picture in without_faces(size):
                    pictures += 1
                    found = detect(picture)
                    scores.setdefault(kind, []).extend(round(face.score, 2) for face in found)
                    if self.contact and found:
                        self._store(f"false {name} {kind} {pictures}", picture, found)
                hits = sum(len(values) for values in scores.values())
                print(
                    f"{size[0]} {name}: {hits} false hits in {pictures} pictures",
                    {k: v for k, v in scores.items() if v},
                    flush=True,
                )

    def cost(self) -> None:
        for size in ((1280, 720), HD, UHD, EIGHT_K):
            picture = scene(size, size[1] / 4, 0, columns=1, rows=1).picture
            for name, detect in self.detectors.items():
                times = []
                for _ in range(8):
                    started = time.process_time()
                    detect(picture)
                    times.append(time.process_time() - started)
                print(
                    f"{size[0]}x{size[1]} {name}: {1e3 * statistics.median(times[1:]):.0f} ms of one core", flush=True
                )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="sizes,conditions,crowd,false,cost")
    parser.add_argument("--frames", type=int, default=2)
    parser.add_argument("--all", action="store_true", help="also search for all faces from 16 px on: slow in 8K")
    parser.add_argument("--contact", type=Path)
    options = parser.parse_args()
    detector = CenterFace()
    everything = CenterFace(smallest=SmallestFace(pixels=16, of_height=0))
    bench = Bench({"quick": detector, "thorough": partial(detector, thorough=True)}, options.frames, options.contact)
    if options.all:
        bench.detectors["from 16 px"] = partial(everything, thorough=True)
    for table in options.only.split(","):
        print(f"\n{table}")
        {
            "sizes": bench.sizes,
            "conditions": bench.conditions,
            "crowd": bench.crowd,
            "false": bench.false,
            "cost": bench.cost,
        }[table]()


if __name__ == "__main__":
    main()
