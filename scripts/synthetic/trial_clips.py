"""Footage that is hard to extract, with its truth, made of the repository's own footage of the synthetic actors.

    python scripts/synthetic/trial_clips.py FOLDER [--only NAME…]

Run in the backend's environment. Writes FOLDER/NAME.mp4 and FOLDER/NAME.jsonl to look at; tests and benchmarks call
the functions. All clips are streams of (H×W×3 RGB uint8, truth): nothing long is held in memory.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import cycle, islice
from pathlib import Path

import av
import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from synthetic.spoil import Shown, dark, defocused, flickering, half_covered, shaken
from synthetic.truth import TrueFace, TrueFrame, read_truth, write_truth

from ml_backend.media.frame import Pixels
from ml_backend.media.movie import write_movie
from ml_backend.media.source import open_source

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "demo" / "footage"
FOOTAGE = ROOT / "tests" / "footage"
PLATE, TAKE1, TAKE2 = DEMO / "plate_A.mp4", DEMO / "identity_B_take1.mp4", DEMO / "identity_B_take2.mp4"
PROFILE, TWO_PEOPLE = FOOTAGE / "profile.mp4", FOOTAGE / "two_people.mp4"
TURNED_AWAY = FOOTAGE / "turned_away.mp4"
FPS = Fraction(25)
UHD, HD = (3840, 2160), (1920, 1080)


def shown(movie: Path, first: int = 1, last: int | None = None) -> Iterator[Shown]:
    """Frames of a movie of the actors with their truth."""
    truth = {frame.number: frame for frame in read_truth(movie)}
    for frame in open_source(movie, f"{first}-{'' if last is None else last}").frames():
        yield frame.image, truth[frame.number]


def joined(*clips: Iterable[Shown]) -> Iterator[Shown]:
    """Clips after one another with cuts between them, numbered from 1; each is one shot."""
    pieces = ((image, replace(truth, shot=shot)) for shot, clip in enumerate(clips, 1) for image, truth in clip)
    return numbered(pieces)


def numbered(clip: Iterable[Shown]) -> Iterator[Shown]:
    """The frames' numbers anew, from 1."""
    for number, (image, truth) in enumerate(clip, 1):
        yield image, replace(truth, number=number)


def there_and_back(movie: Path, frames: int) -> Iterator[Shown]:
    """So many frames of a movie that is played forwards and backwards in turn; the movie is held in memory."""
    once = list(shown(movie))
    return numbered(islice(cycle([*once, *once[-2:0:-1]]), frames))


def small_in_uhd(clip: Iterable[Shown], eyes: float = 22.0) -> Iterator[Shown]:
    """A face of so many pixels between the outer eye corners, which wanders through a 3840×2160 picture."""
    back = scenery(*UHD, seed=47)
    for number, (image, truth) in enumerate(clip):
        scale = eyes / truth.faces[0].eyes
        x, y = 900 + 60 * number, 700 + round(300 * np.sin(number / 5))
        yield lay(back.copy(), (image, truth), scale, (x % 3300, y))


def crowd(frames: int = 20, count: int = 30) -> Iterator[Shown]:
    """Faces of different sizes, all over a 1920×1080 picture, each with a time of its own."""
    back = scenery(*HD, seed=53)
    clips = [list(shown(movie)) for movie in (PLATE, TAKE1, TAKE2)]
    columns, rows = 6, -(-count // 6)
    cell = (HD[0] // columns, HD[1] // rows)
    for number in range(frames):
        picture = back.copy()
        faces: list[TrueFace] = []
        for place in range(count):
            clip = clips[place % len(clips)]
            image, truth = clip[(11 * place + number) % len(clip)]
            side = round(cell[1] * (0.6 + 0.4 * ((place * 7) % 11) / 10))
            x = (place % columns) * cell[0] + (cell[0] - side) // 2
            y = (place // columns) * cell[1] + (cell[1] - side) // 2
            picture, laid = lay(picture, (image, truth), side / image.shape[0], (x, y))
            faces += laid.faces
        yield picture, TrueFrame(number + 1, 1, tuple(faces))


def nobody_then_a_face(empty: int = 500, faces: int = 24, size: tuple[int, int] = (320, 240)) -> Iterator[Shown]:
    """An empty place for a long time, under a camera that pans over it, and then somebody is there."""
    wide = scenery(2 * size[0], size[1], seed=59)
    for number in range(1, empty + 1):
        left = round((0.5 - 0.5 * np.cos(number / 40)) * size[0])
        yield np.ascontiguousarray(wide[:, left : left + size[0]]), TrueFrame(number, 1, ())
    left = (size[0] - size[1]) // 2
    for number, (image, truth) in enumerate(shown(PLATE, 45, 44 + faces), empty + 1):
        laid, found = lay(wide[:, : size[0]].copy(), (image, truth), size[1] / image.shape[0], (left, 0))
        yield laid, replace(found, number=number)


def scenery(width: int, height: int, seed: int) -> Pixels:
    """H×W×3 RGB uint8: soft light, shapes with hard edges and fine grain, nothing like a face."""
    chance = np.random.default_rng(seed)
    soft = cv2.resize(
        chance.uniform(50, 170, (5, 8, 3)).astype(np.float32), (width, height), None, 0, 0, cv2.INTER_CUBIC
    )
    for _ in range(24):
        corner = chance.uniform(0, 1, 2) * (width, height)
        sides = chance.uniform(0.03, 0.25, 2) * (width, height)
        ends = [tuple(int(v) for v in place) for place in (corner, corner + sides)]
        cv2.rectangle(soft, ends[0], ends[1], tuple(chance.uniform(30, 200, 3).tolist()), -1)
    grainy: Pixels = np.clip(soft + chance.normal(0, 5, soft.shape), 0, 255).astype(np.uint8)
    return grainy


def lay(under: Pixels, shown: Shown, scale: float, corner: tuple[int, int]) -> Shown:
    """A frame, scaled, over a part of another picture, which is changed; corner: its upper left x, y there."""
    (image, truth), (x, y) = shown, corner
    height, width = (round(side * scale) for side in image.shape[:2])
    small = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    under[y : y + height, x : x + width] = small
    faces: list[TrueFace] = [face.moved(scale, x, y) for face in truth.faces]
    return under, replace(truth, faces=tuple(faces))


def cut_off_file(movie: Path, target: Path, part: float = 0.6) -> Path:
    """The first part of the bytes of a movie that `write_clip` wrote, as a full disk or a broken copy leaves it.

    Its index comes first in the file, so that what is left of it can be read.
    """
    data = movie.read_bytes()
    target.write_bytes(data[: round(len(data) * part)])
    return target


def file_that_changes_size(target: Path, frames: int = 12) -> Path:
    """A raw H.264 stream (.h264) of the plate whose picture is 384×384 first and 288×288 after `frames` frames."""
    parts = []
    for side, first in ((384, 1), (288, frames + 1)):
        part = target.with_name(f"{target.stem}_{side}.h264")
        with av.open(str(part), "w", format="h264") as film:
            stream = film.add_stream("libx264", rate=25)
            stream.width = stream.height = side
            stream.pix_fmt = "yuv420p"
            for image, _ in shown(PLATE, first, first + frames - 1):
                scaled = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
                film.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(scaled, np.uint8), format="rgb24")))
            film.mux(stream.encode())
        parts.append(part)
    target.write_bytes(b"".join(part.read_bytes() for part in parts))
    for part in parts:
        part.unlink()
    return target


def plain() -> Iterator[Shown]:
    """What the spoilt clips are made of: both actors of the demo, their heads turned by up to 35°."""
    return joined(shown(PLATE, 41, 88), shown(TAKE1, 41, 88))


TRIALS: Mapping[str, Callable[[], Iterator[Shown]]] = {
    "plain": plain,
    "dark": lambda: dark(plain()),
    "defocused": lambda: defocused(plain()),
    "shaken": lambda: shaken(plain()),
    "half_covered": lambda: half_covered(plain()),
    "flickering": lambda: flickering(plain()),
    "small_in_uhd": lambda: small_in_uhd(islice(plain(), 32, 64)),
    "crowd": crowd,
    "nobody_then_a_face": nobody_then_a_face,
}


def write_clip(movie: Path, clip: Iterable[Shown], crf: int = 16) -> list[TrueFrame]:
    """Write a movie and its truth; the truth is returned too."""
    kept: list[TrueFrame] = []

    def pictures() -> Iterator[Pixels]:
        for image, truth in numbered(clip):
            kept.append(truth)
            yield image

    write_movie(movie, pictures(), FPS, crf=crf)
    write_truth(movie, kept)
    return kept


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="+", choices=sorted(TRIALS), default=sorted(TRIALS))
    arguments = parser.parse_args()
    for name in arguments.only:
        truth = write_clip(arguments.folder / f"{name}.mp4", TRIALS[name]())
        print(f"{arguments.folder / name}.mp4: {len(truth)} frames")
    whole = arguments.folder / "whole.mp4"
    write_clip(whole, shown(PLATE, 1, 48))
    cut_off_file(whole, arguments.folder / "cut_off.mp4")
    file_that_changes_size(arguments.folder / "changes_size.h264")


if __name__ == "__main__":
    main()
