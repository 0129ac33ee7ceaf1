"""The picture of the persons on the footage: a row each, so that one can be chosen by number."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.faces.geometry import sample
from ml_backend.media.frame import Pixels
from ml_backend.media.source import Source

from .drawing import EMPTY, FAINT, Picture, blank, fitting, save, write
from .people import Person, first_frame

FACES = 7  # crops a person
ROWS = 24  # persons that are drawn
_SIDE = 96
_GAP = 6
_LEFT = 330  # for the words
_TOP = 64
_AROUND = 1.5  # the crop's side, as a multiple of the face's box
_LEAP = 48  # frames that are decoded and thrown away rather than sought


@dataclass(frozen=True)
class Row:
    """One person: their number, the words beside it, and some faces (S×S×3 RGB, uint8 or uint16, any S)."""

    number: int
    lines: tuple[str, ...]
    crops: tuple[Pixels, ...]


def draw_people(path: Path, persons: Sequence[Person], sources: Sequence[Source]) -> None:
    """Write the persons as a PNG; sources: where their faces are, opened for the frames that may be read.

    Raises BackendError where a frame or `path` cannot be read or written.
    """
    save(path, people_sheet(_rows(persons[:ROWS], sources), len(persons) - ROWS))


def people_sheet(rows: Sequence[Row], more: int = 0) -> Picture:
    """H×W×3 RGB uint8: a row a person. more: how many persons there are besides."""
    below = 36 if more > 0 else 8
    picture = blank(_TOP + len(rows) * (_SIDE + _GAP) + below, _LEFT + FACES * (_SIDE + _GAP) + _GAP)
    write(picture, "The persons on the footage, the most important first", (14, 28), scale=0.6)
    write(picture, "Choose by number, such as 1 or 1,2", (14, 50), FAINT, 0.45)
    for n, row in enumerate(rows):
        top = _TOP + n * (_SIDE + _GAP)
        cv2.line(picture, (14, top - _GAP // 2), (picture.shape[1] - 14, top - _GAP // 2), EMPTY, 1)
        write(picture, str(row.number), (14, top + 60), scale=1.3)
        for k, line in enumerate(row.lines):
            text = fitting(line, _LEFT - 92 - _GAP, 0.45)
            write(picture, text, (86, top + 30 + 22 * k), FAINT if k else (235, 235, 235), 0.45)
        for k, crop in enumerate(row.crops[:FACES]):
            left = _LEFT + k * (_SIDE + _GAP)
            picture[top : top + _SIDE, left : left + _SIDE] = _small(crop)
    if more > 0:
        write(picture, f"and {more} more", (86, picture.shape[0] - 14), FAINT, 0.45)
    return picture


def _small(crop: Pixels) -> Picture:
    shown = (crop >> 8).astype(np.uint8) if crop.dtype == np.uint16 else crop
    method = cv2.INTER_AREA if crop.shape[0] > _SIDE else cv2.INTER_CUBIC
    small: Picture = np.asarray(cv2.resize(shown, (_SIDE, _SIDE), interpolation=method), np.uint8)
    return small


def _rows(persons: Sequence[Person], sources: Sequence[Source]) -> list[Row]:
    """The persons' rows, with faces spread evenly over all of theirs that can be read."""
    by_path = {source.info.path.resolve(): source for source in sources}
    readable = {path: set(source.numbers) for path, source in by_path.items()}
    wanted: dict[Path, dict[int, list[tuple[int, int, NDArray[np.float64]]]]] = {path: {} for path in by_path}
    for n, person in enumerate(persons):
        there = [
            (track.source, int(frame), box)
            for track in person.tracks
            for frame, box in zip(track.frames, track.boxes, strict=True)
            if int(frame) in readable.get(track.source, ())
        ]
        there.sort(key=lambda one: (str(one[0]), one[1]))
        for k, one in enumerate(np.unique(np.linspace(0, len(there) - 1, FACES).round().astype(int)) if there else ()):
            source, frame, box = there[one]
            wanted[source].setdefault(frame, []).append((n, k, box))
    crops: list[dict[int, Pixels]] = [{} for _ in persons]
    for path, frames in wanted.items():
        for number, image in _read(by_path[path], sorted(frames)):
            for n, k, box in frames[number]:
                crops[n][k] = _cut(image, box)
    return [_row(n, person, crops[n - 1]) for n, person in enumerate(persons, 1)]


def _row(number: int, person: Person, crops: dict[int, Pixels]) -> Row:
    source, frame = first_frame(person)
    tracks = "1 track" if len(person.tracks) == 1 else f"{len(person.tracks)} tracks"
    faces = "1 face" if person.faces == 1 else f"{person.faces} faces"
    size = round(person.importance / max(person.faces, 1))
    lines = (f"{faces} in {tracks}", f"first in frame {frame} of {source.name}", f"eyes {size} pixels apart")
    return Row(number, lines, tuple(crops[k] for k in sorted(crops)))


def _read(source: Source, numbers: Sequence[int]) -> Iterator[tuple[int, Pixels]]:
    """The frames `numbers`, each piece of near ones in one go: a long gap is sought over rather than decoded."""
    starts = [0, *(n + 1 for n, (a, b) in enumerate(pairwise(numbers)) if b - a > _LEAP), len(numbers)]
    for start, end in pairwise(starts):
        if start < end:
            for frame in source.frames(list(numbers[start:end])):
                yield frame.number, frame.image


def _cut(image: Pixels, box: NDArray[np.float64]) -> Pixels:
    """The square around a box (x0, y0, x1, y1), as small as it is shown."""
    middle, side = (box[:2] + box[2:]) / 2, max(float((box[2:] - box[:2]).max()) * _AROUND, 4.0)
    scale = side / _SIDE
    corner = middle - scale * (_SIDE - 1) / 2
    return sample(image, np.array([[scale, 0, corner[0]], [0, scale, corner[1]]]), _SIDE)
