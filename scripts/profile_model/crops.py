"""Squares as the landmark network gets them: cut out of rendered heads, with what spoils pictures of cameras."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.faces.canonical import mirror_partners
from ml_backend.faces.geometry import sample
from ml_backend.faces.roi import Roi, roi_of_landmarks
from ml_backend.faces.roi_crop import roi_to_image

SIDE = 192
LEAST_APART = 0.55  # sides of the larger square between a face and a square that shows none


@dataclass(frozen=True)
class Example:
    """picture: H×W×3 RGB uint8. points: 478×3 in its pixels, None where it shows no face."""

    picture: NDArray[np.uint8]
    points: NDArray[np.float64] | None


@dataclass(frozen=True)
class Crop:
    """picture: 192×192×3 RGB uint8. points: 478×3 in its pixels, counted from its edge; None where there is no face."""

    picture: NDArray[np.uint8]
    points: NDArray[np.float64] | None


def cut(example: Example, chance: np.random.Generator) -> Crop:
    """A square about as far beside the face as the tracker's, mirrored half of the time; or beside every face."""
    points = example.points
    if points is None:
        height, width = example.picture.shape[:2]
        roi = Roi(
            *(chance.uniform(0.2, 0.8, 2) * (width, height)), chance.uniform(0.3, 1) * width, chance.normal(0, 0.2)
        )
        return Crop(spoil(_cut(example.picture, roi), chance), None)
    usual = roi_of_landmarks(points)
    if chance.random() < 0.06:
        away = _beside(usual, example.picture.shape[1], chance)
        if away is not None:
            return Crop(spoil(_cut(example.picture, away), chance), None)
    turn = chance.normal(0, 0.12) if chance.random() < 0.85 else chance.uniform(-0.5, 0.5)
    shift = chance.normal(0, 0.04, 2) * usual.side
    side = usual.side * math.exp(chance.normal(0, 0.09))
    roi = Roi(usual.x + shift[0], usual.y + shift[1], side, usual.angle + turn)
    picture, placed = _cut(example.picture, roi), points_in_crop(points, roi)
    if chance.random() < 0.5:
        picture = np.ascontiguousarray(picture[:, ::-1])
        placed = placed[mirror_partners()] * [-1, 1, 1] + [SIDE, 0, 0]
    return Crop(spoil(cover(picture, chance), chance), placed)


def points_in_crop(points: NDArray[np.float64], roi: Roi) -> NDArray[np.float64]:
    """478×3 points of the picture in a square's crop: what `points_in_image` turns back."""
    cos, sin = math.cos(roi.angle), math.sin(roi.angle)
    placed = points - [roi.x, roi.y, 0]
    placed[:, :2] = placed[:, :2] @ np.array([[cos, -sin], [sin, cos]])
    placed *= SIDE / roi.side
    placed[:, :2] += SIDE / 2
    return placed


def _cut(picture: NDArray[np.uint8], roi: Roi) -> NDArray[np.uint8]:
    return np.asarray(sample(picture, roi_to_image(roi, SIDE), SIDE), np.uint8)


def _beside(face: Roi, width: int, chance: np.random.Generator) -> Roi | None:
    for _ in range(20):
        roi = Roi(*chance.uniform(0, width, 2), chance.uniform(0.3, 1.0) * face.side, chance.normal(0, 0.2))
        if roi.distance(face) > LEAST_APART:
            return roi
    return None


def cover(picture: NDArray[np.uint8], chance: np.random.Generator) -> NDArray[np.uint8]:
    """Now and then something before the face: an ellipse or a bar of one colour or of the picture itself."""
    if chance.random() > 0.25:
        return picture
    mask = np.zeros((SIDE, SIDE), np.float32)
    x, y = chance.uniform(10, SIDE - 10, 2)
    axes = chance.uniform(6, 38, 2)
    angle = float(chance.uniform(0, 180))
    if chance.random() < 0.5:
        cv2.ellipse(mask, ((x, y), tuple(2 * axes), angle), 1, -1, cv2.LINE_AA)
    else:
        corners = cv2.boxPoints(((x, y), (2 * axes[0], 2 * axes[1]), angle))
        cv2.fillConvexPoly(mask, np.round(corners).astype(np.int32), 1, cv2.LINE_AA)
    if chance.random() < 0.4:
        other = np.roll(picture, chance.integers(40, SIDE - 40, 2), (0, 1))
    else:
        other = np.broadcast_to(chance.uniform(0, 255, 3), picture.shape)
    mask = cv2.GaussianBlur(mask, (0, 0), float(chance.uniform(0.5, 2)))[:, :, None]
    return np.asarray(picture * (1 - mask) + other * mask, np.uint8)


def spoil(picture: NDArray[np.uint8], chance: np.random.Generator) -> NDArray[np.uint8]:
    """Exposure, contrast, white balance, saturation, sharpness, noise and compression of any camera."""
    x = (picture.astype(np.float32) / 255) ** float(np.exp(chance.normal(0, 0.3)))
    x *= np.exp(chance.normal(0, 0.2) + chance.normal(0, 0.08, 3)).astype(np.float32)
    grey = x.mean(2, keepdims=True)
    saturation = 0 if chance.random() < 0.1 else float(np.exp(chance.normal(0, 0.3)))
    x = grey + (x - grey) * saturation
    if chance.random() < 0.35:
        x = cv2.GaussianBlur(x, (0, 0), float(chance.uniform(0.5, 2.5)))
    if chance.random() < 0.25:
        small = int(chance.integers(48, 140))
        x = cv2.resize(cv2.resize(x, (small, small), interpolation=cv2.INTER_AREA), (SIDE, SIDE))
    if chance.random() < 0.4:
        x += chance.normal(0, chance.uniform(0.005, 0.06), x.shape).astype(np.float32)
    spoilt = np.asarray(np.round(x.clip(0, 1) * 255), np.uint8)
    if chance.random() < 0.25:
        _, packed = cv2.imencode(".jpg", spoilt, [cv2.IMWRITE_JPEG_QUALITY, int(chance.integers(25, 90))])
        spoilt = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)
    return spoilt
