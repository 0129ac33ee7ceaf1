"""Heads as `render_heads.py` leaves them: a picture, and where the skin's and the eyes' vertices are in it."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from base_model.moments import Moment, make_moment

SKIN, EYES = slice(0, 11248), slice(21451, 24591)  # of the actors' vertices, those that are stored, one after the other
SKINS = SKIN.stop - SKIN.start  # of the stored vertices, those of the skin
PRECISION = 64  # parts of a pixel that are stored
VIEW = 32.0  # what the picture shows at the face, in the actors' centimetres
FIRST = 100_000  # the first moment's number: none of the base model's
BACK = 120.0  # degrees of yaw from which the picture shows no face


@dataclass(frozen=True)
class Head:
    """picture: H×W×3 RGB uint8. vertices: V×3 in its pixels; z grows away from the camera. view: yaw in degrees."""

    number: int
    picture: NDArray[np.uint8]
    vertices: NDArray[np.float64]
    view: float


def read_heads(folder: Path) -> Iterator[Head]:
    """The heads that were rendered into a folder so far, in their order."""
    for file in sorted((folder / "frames").glob("*.npy")):
        number = int(file.stem)
        picture = cv2.imread(str(file.with_suffix(".png")))[:, :, ::-1]
        moment, side = turned_moment(number)
        yield Head(number, picture, np.load(file).astype(np.float64) / PRECISION, moment.yaw - side)


def triangles(actors: Path) -> NDArray[np.int64]:
    """T×3 indices into the stored vertices: the skin's and the eyes' quads, each cut in two."""
    quads = np.load(actors / "data" / "ict.npz")["F"].astype(np.int64)
    place = np.full(quads.max() + 1, -1)
    place[SKIN] = np.arange(SKINS)
    place[EYES] = np.arange(SKINS, SKINS + EYES.stop - EYES.start)
    kept = place[quads]
    kept = kept[(kept >= 0).all(1)]
    return np.concatenate([kept[:, [0, 1, 2]], kept[:, [0, 2, 3]]])


def turned_moment(number: int, seed: int = 3) -> tuple[Moment, float]:
    """A moment, and how far the camera stands to the side in degrees: its yaw and the camera's together are the view.

    A third looks as heads mostly do, the others anywhere from 20° to 105°; one in sixteen shows the back of the head.
    """
    chance = np.random.default_rng((seed, number))
    kind = chance.random()
    view = (
        chance.normal(0, 30)
        if kind < 0.3
        else chance.choice((-1, 1)) * (chance.uniform(20, 105) if kind < 0.94 else chance.uniform(125, 180))
    )
    yaw = float(np.clip(view * chance.uniform(0, 1), -70, 70))
    distance = float(np.exp(chance.uniform(np.log(50), np.log(220))))
    moment = replace(
        make_moment(FIRST + number),
        yaw=yaw,
        pitch=float(np.clip(chance.normal(0, 13), -38, 38)),
        roll=float(np.clip(chance.normal(0, 10), -30, 30)),
        distance=distance,
        lens=36 * distance / VIEW / float(chance.uniform(0.9, 1.1)),
        height=float(chance.normal(0.5, 6) * distance / 85),
        aim=(float(chance.normal(0, 0.8)), float(chance.normal(0, 0.8))),
    )
    return moment, yaw - float(view)
