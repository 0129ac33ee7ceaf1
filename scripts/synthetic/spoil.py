"""What footage suffers: darkness, blur, something in front of the face, flicker. On H×W×3 RGB uint8 pictures."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import cycle
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.media.frame import Pixels

from .truth import TrueFace, TrueFrame

Shown = tuple[Pixels, TrueFrame]
DARK_STOPS = -4.0
READ_NOISE = 0.0015  # of full linear light; σ of a camera's noise in the dark
SHOT_NOISE = 0.00012  # variance for each unit of linear light
DEFOCUS = 0.07  # σ in distances of the outer eye corners
SHAKE = 0.4  # length of the smear in the same unit
FLICKER = 0.45  # what every second frame loses of its light: a lamp at half the camera's rate
FLASH = 3.0  # times brighter, now and then
FLASH_EVERY = 14


def dark(shown: Iterable[Shown], stops: float = DARK_STOPS) -> Iterator[Shown]:
    """Underexposed, with the noise of a camera."""
    chance = np.random.default_rng(41)
    for image, truth in shown:
        light = _to_light(image) * 2.0**stops
        noise = chance.normal(size=light.shape).astype(np.float32)
        yield _to_picture(light + noise * np.sqrt(READ_NOISE**2 + SHOT_NOISE * light)), truth


def defocused(shown: Iterable[Shown], amount: float = DEFOCUS) -> Iterator[Shown]:
    """Out of focus, by the size of the largest face."""
    for image, truth in shown:
        light = cv2.GaussianBlur(_to_light(image), (0, 0), amount * _size(truth))
        yield _to_picture(light), truth


def shaken(shown: Iterable[Shown], amount: float = SHAKE) -> Iterator[Shown]:
    """Smeared by a fast pan, in a direction that changes from frame to frame."""
    for number, (image, truth) in enumerate(shown):
        length = max(3, round(amount * _size(truth)))
        kernel = np.zeros((length, length), np.float32)
        angle = np.radians(25 * np.sin(number / 3))
        reach = (length - 1) / 2 * np.array([np.cos(angle), np.sin(angle)])
        ends = np.round(((length - 1) / 2 + np.array([-reach, reach])) * 16).astype(int)
        cv2.line(kernel, tuple(ends[0].tolist()), tuple(ends[1].tolist()), 1.0, 1, cv2.LINE_AA, 4)
        yield _to_picture(cv2.filter2D(_to_light(image), -1, kernel / kernel.sum())), truth


def half_covered(shown: Iterable[Shown], frames_a_side: int = 16) -> Iterator[Shown]:
    """A board in front of half of every face: its lower half, then its left, then its right half."""
    sides = cycle([side for side in ("lower", "left", "right") for _ in range(frames_a_side)])
    board = _board(256)
    for (image, truth), side in zip(shown, sides, strict=False):
        covered = image.copy()
        for face in truth.faces:
            _lay_board(covered, face, side, board)
        yield covered, replace(truth, faces=tuple(replace(face, covered=0.5) for face in truth.faces))


def _lay_board(image: Pixels, face: TrueFace, side: str, board: Pixels) -> None:
    """Covers the half of the face on one side of the line through the nose's middle; it turns with the head."""
    points = face.landmarks
    eyes = (points[36:42].mean(0), points[42:48].mean(0))
    middle = (eyes[0] + eyes[1]) / 4 + points[48:60].mean(0) / 2
    roll = np.radians(-face.roll)
    right = np.array([np.cos(roll), np.sin(roll)])
    down = np.array([-right[1], right[0]])
    outward, along = {"lower": (down, right), "left": (-right, down), "right": (right, down)}[side]
    far = 1.6 * face.eyes
    corners = np.array([middle - along * far, middle + along * far, middle + along * far + outward * far])
    edge = board.shape[0]
    matrix = cv2.getAffineTransform(np.array([[0, 0], [edge, 0], [edge, edge]], np.float32), corners.astype(np.float32))
    size = (image.shape[1], image.shape[0])
    seen = cv2.warpAffine(np.ones((edge, edge), np.float32), matrix, size)[..., None]
    laid = cv2.warpAffine(board, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    image[:] = np.round(image * (1 - seen) + laid * seen).astype(np.uint8)


def _board(edge: int) -> Pixels:
    """A grey-brown surface, uneven like cloth or cardboard."""
    chance = np.random.default_rng(43)
    uneven = cv2.GaussianBlur(chance.normal(size=(edge, edge)).astype(np.float32), (0, 0), 9)
    fine = cv2.GaussianBlur(chance.normal(size=(edge, edge)).astype(np.float32), (0, 0), 1)
    tone = 1 + 1.6 * uneven[..., None] + 0.12 * fine[..., None]
    surface: Pixels = np.clip(np.array([96, 84, 70]) * tone, 0, 255).astype(np.uint8)
    return surface


def flickering(shown: Iterable[Shown]) -> Iterator[Shown]:
    """Every second frame darker, and a flash now and then."""
    for number, (image, truth) in enumerate(shown):
        gain = FLASH if number % FLASH_EVERY == FLASH_EVERY - 1 else 1 - FLICKER * (number % 2)
        yield _to_picture(_to_light(image) * gain), truth


def _size(truth: TrueFrame) -> float:
    return max((face.eyes for face in truth.faces), default=1.0)


def _to_light(image: Pixels) -> NDArray[np.float32]:
    """Linear light in 0–1 of sRGB."""
    value = image.astype(np.float32) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4).astype(np.float32)


def _to_picture(light: NDArray[Any]) -> Pixels:
    kept = np.clip(light, 0, 1)
    value = np.where(kept <= 0.0031308, kept * 12.92, 1.055 * kept ** (1 / 2.4) - 0.055)
    picture: Pixels = np.round(value * 255).astype(np.uint8)
    return picture
