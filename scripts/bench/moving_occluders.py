"""Things that move before a face, drawn over footage with known truth: a hand, a microphone, hair, glasses, a phone.

Nothing here is shared with what a mask model is trained on (`ml_backend/training/masks/shapes.py`): these are shaded
bodies with a fixed shape that move along a path, with motion blur and a shadow on the face behind them.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.media.source import open_source

Array = NDArray[np.float64]
Layer = tuple[Array, Array]  # colour H×W×3 and alpha H×W, 0–1
SHUTTER = (-0.2, 0.0, 0.2)  # moments of a frame that the film sees, in frames
LIGHT = np.array([-0.5, -0.6, 0.62])


@dataclass(frozen=True)
class Motion:
    """How a thing moves: two takes with other numbers show the same thing moving differently."""

    phase: float
    scale: float
    angle: float
    tone: float  # how light its colour is, 1 as given


def _grid(side: int) -> Array:
    rows, columns = np.mgrid[0:side, 0:side].astype(np.float64)
    return np.stack([columns, rows], 2)


def _capsules(side: int, parts: list[tuple[Array, Array, float, float]], melt: float) -> tuple[Array, Array]:
    """Round bodies around line segments (from, to, both radii), melted together: alpha 0–1 and height."""
    places, inside, height = _grid(side), np.full((side, side), 1e9), np.zeros((side, side))
    for start, end, first, last in parts:
        axis = end - start
        t = np.clip(((places - start) @ axis) / max(float(axis @ axis), 1e-9), 0, 1)
        radius = first + (last - first) * t
        distance = np.linalg.norm(places - start - t[..., None] * axis, axis=2)
        signed = distance - radius
        blend = np.clip(0.5 + 0.5 * (inside - signed) / melt, 0, 1)
        inside = inside + (signed - inside) * blend - melt * blend * (1 - blend)
        own = np.sqrt(np.clip(radius**2 - distance**2, 0, None))
        height = np.maximum(height, own)
    return np.clip(0.5 - inside, 0, 1), cv2.GaussianBlur(height, (0, 0), 1.5)


def _shade(height: Array, colour: Array, shine: float, rough: Array | float = 0.0) -> Array:
    down, right = np.gradient(height + rough)
    normal = np.dstack([-right, -down, np.ones_like(down)])
    normal /= np.linalg.norm(normal, axis=2, keepdims=True)
    lit = np.clip(normal @ (LIGHT / np.linalg.norm(LIGHT)), 0, 1)
    shiny = shine * lit[..., None] ** 30
    return np.clip(colour * (0.45 + 0.7 * lit)[..., None] + shiny, 0, 1)


def _turn(degrees: float) -> Array:
    a = np.radians(degrees)
    return np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])


@dataclass(frozen=True)
class Scene:
    """What a thing may know of the frame behind it. points: 68 landmarks; eyes: distance of the outer eye corners."""

    side: int
    skin: Array
    points: Array
    eyes: float

    @property
    def middle(self) -> Array:
        return self.points[30]


def hand(scene: Scene, time: float, m: Motion) -> Layer:
    """An open hand on its arm sweeps over the lower face; its skin is the performer's."""
    unit = scene.eyes * 0.42 * m.scale
    swing = np.array([np.sin(time / 9 + m.phase), 0.45 * np.cos(time / 7 + m.phase)]) * scene.eyes * 0.75
    wrist = scene.middle + np.array([0, scene.eyes * 0.75]) + swing
    turn = _turn(m.angle + 18 * np.sin(time / 11 + m.phase))
    parts = [(wrist, wrist + turn @ [0, 6 * unit], unit * 0.62, unit * 0.85)]
    palm = wrist + turn @ [0, -1.1 * unit]
    parts += [(wrist, palm + turn @ [x * unit, 0], unit * 0.55, unit * 0.42) for x in (-0.45, 0, 0.45)]
    for finger, (x, length) in enumerate(((-0.62, 1.35), (-0.2, 1.6), (0.22, 1.5), (0.62, 1.15))):
        root = palm + turn @ [x * unit, -0.25 * unit]
        bend = 7 * np.sin(time / 8 + finger + m.phase)
        knuckle = root + turn @ _turn(x * 24 + bend) @ [0, -length * 0.55 * unit]
        tip = knuckle + turn @ _turn(x * 30 + 2 * bend) @ [0, -length * 0.5 * unit]
        parts += [(root, knuckle, unit * 0.25, unit * 0.22), (knuckle, tip, unit * 0.22, unit * 0.17)]
    thumb = wrist + turn @ [0.45 * unit, -0.35 * unit]
    parts += [(thumb, thumb + turn @ [0.85 * unit, -0.75 * unit], unit * 0.3, unit * 0.2)]
    alpha, height = _capsules(scene.side, parts, unit * 0.12)
    grain = cv2.GaussianBlur(np.random.default_rng(3).normal(0, 1, alpha.shape), (0, 0), 1.2)
    return _shade(height, scene.skin * m.tone * (1 + 0.05 * grain[..., None]), 0.05, 0.25 * grain), alpha


def microphone(scene: Scene, time: float, m: Motion) -> Layer:
    """A round wire head on a dark stand that comes from below and sways before the mouth."""
    unit = scene.eyes * 0.3 * m.scale
    head = scene.points[51:58].mean(0) + np.array([np.sin(time / 8 + m.phase), 0.4 * np.cos(time / 6)]) * unit * 1.6
    axis = _turn(m.angle) @ np.array([0.0, 1.0])
    parts = [(head, head + axis * unit * 0.5, unit, unit * 0.9)]
    alpha, height = _capsules(scene.side, parts, 1.0)
    u, v = ((_grid(scene.side) - head) @ _turn(m.angle + 45)).transpose(2, 0, 1)
    weave = np.sin(u * 7 / unit * 2) * np.sin(v * 7 / unit * 2)
    colour = _shade(height, np.full(3, 0.34 * m.tone), 0.5, weave * 0.8)
    stem, body = _capsules(scene.side, [(head + axis * unit, head + axis * unit * 12, unit * 0.42, unit * 0.3)], 1.0)
    steel = _shade(body, np.array([0.09, 0.09, 0.1]) * m.tone, 0.4)
    under = stem * (1 - alpha)
    total = alpha + under
    mixed = (colour * alpha[..., None] + steel * under[..., None]) / np.maximum(total, 1e-6)[..., None]
    return mixed, total


def hair(scene: Scene, time: float, m: Motion) -> Layer:
    """A strand of some thirty brown hairs that blows over the face."""
    side, big = scene.side, 4
    canvas, shade = np.zeros((side * big, side * big), np.uint8), np.zeros((side * big, side * big), np.uint8)
    random = np.random.default_rng(11)
    root = scene.points[19] + [0.2 * scene.eyes * np.cos(m.phase), -0.55 * scene.eyes]
    blow = np.array([np.sin(time / 6 + m.phase), 0]) * scene.eyes * 0.55
    for _ in range(34):
        a = root + random.normal(0, 0.055, 2) * scene.eyes
        b = root + _turn(m.angle) @ [0, 0.8 * scene.eyes] + 0.5 * blow + random.normal(0, 0.06, 2) * scene.eyes
        c = root + _turn(m.angle) @ [0, 1.9 * scene.eyes] + blow + random.normal(0, 0.14, 2) * scene.eyes
        t = np.linspace(0, 1, 24)[:, None]
        curve = np.round(((1 - t) ** 2 * a + 2 * t * (1 - t) * b + t**2 * c) * big * 16).astype(np.int32)
        width = max(2, round(random.uniform(0.7, 1.6) * m.scale * big))
        cv2.polylines(canvas, [curve], False, 255, width, cv2.LINE_AA, 4)
        cv2.polylines(shade, [curve], False, int(random.uniform(60, 255)), max(1, width // 2), cv2.LINE_AA, 4)
    alpha, light = (
        cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA) / 255 for picture in (canvas, shade)
    )
    return np.clip(np.array([0.2, 0.13, 0.09]) * m.tone * (0.5 + 1.3 * light[..., None]), 0, 1), alpha


def glasses(scene: Scene, time: float, m: Motion) -> Layer:
    """Dark frames that sit on the nose and follow the head; one sees through their lenses."""
    side, big = scene.side, 4
    canvas = np.zeros((side * big, side * big), np.uint8)
    eyes = [scene.points[36:42].mean(0), scene.points[42:48].mean(0)]
    along = eyes[1] - eyes[0]
    tilt = float(np.degrees(np.arctan2(along[1], along[0])))
    thick = max(3, round(scene.eyes * 0.035 * m.scale * big))
    slip = np.array([0, 0.04 * np.sin(time / 5 + m.phase)]) * scene.eyes
    radius = np.array([0.42 * np.linalg.norm(along), 0.27 * scene.eyes * m.scale])
    for eye in eyes:
        centre, axes = (np.round((place) * big * 16).astype(int).tolist() for place in (eye + slip, radius))
        cv2.ellipse(canvas, centre, axes, tilt, 0, 360, 255, thick, cv2.LINE_AA, 4)
    step = along / np.linalg.norm(along)
    lines = [(eyes[0] + step * radius[0], eyes[1] - step * radius[0])]
    lines += [(eyes[0] - step * radius[0], scene.points[0] + [0, -0.1 * scene.eyes])]
    lines += [(eyes[1] + step * radius[0], scene.points[16] + [0, -0.1 * scene.eyes])]
    for a, b in lines:
        ends = [tuple(np.round((p + slip) * big * 16).astype(int).tolist()) for p in (a, b)]
        cv2.line(canvas, ends[0], ends[1], 255, thick, cv2.LINE_AA, 4)
    alpha = cv2.resize(canvas, (side, side), interpolation=cv2.INTER_AREA) / 255
    height = 3 * cv2.GaussianBlur(alpha, (0, 0), 1.2)
    return _shade(height, np.array([0.16, 0.1, 0.07]) * m.tone, 0.6), alpha


def phone(scene: Scene, time: float, m: Motion) -> Layer:
    """A phone with a bright back that passes through: no mask of it is ever painted."""
    half = np.array([0.38, 0.75]) * scene.eyes * m.scale
    centre = scene.middle + np.array([np.sin(time / 8 + m.phase) * 1.1, 0.3 * np.cos(time / 9)]) * scene.eyes
    places = (_grid(scene.side) - centre) @ _turn(m.angle + 10 * np.sin(time / 10))
    edge, corner = np.abs(places) - half + 0.12 * scene.eyes, 0.12 * scene.eyes
    outside = np.linalg.norm(np.maximum(edge, 0), axis=2) + np.minimum(edge.max(2), 0) - corner
    alpha = np.clip(0.5 - outside, 0, 1)
    sheen = 0.5 + 0.5 * np.clip((places @ [0.6, -0.8]) / half[1], -1, 1)
    lens = np.linalg.norm(places - half * [-0.45, -0.7], axis=2) < 0.1 * scene.eyes
    colour = np.where(lens[..., None], 0.05, np.array([0.55, 0.62, 0.7]) * m.tone * (0.7 + 0.4 * sheen)[..., None])
    return np.clip(colour, 0, 1), alpha


THINGS: dict[str, Callable[[Scene, float, Motion], Layer]] = {
    "hand": hand,
    "microphone": microphone,
    "hair": hair,
    "glasses": glasses,
    "phone": phone,
}
LEARNED = {
    "hand": Motion(0.3, 1.0, 12, 1.0),
    "microphone": Motion(0.0, 1.0, 8, 1.0),
    "hair": Motion(0.5, 1.0, 14, 1.0),
    "glasses": Motion(0.0, 1.0, 0, 1.0),
}
UNSEEN = {  # the same things moving otherwise, of other sizes and colours
    "hand": Motion(2.6, 1.15, -24, 0.92),
    "microphone": Motion(2.2, 1.25, -22, 1.3),
    "hair": Motion(2.8, 1.2, -20, 1.25),
    "glasses": Motion(2.0, 1.15, 0, 0.7),
    "phone": Motion(-0.75, 1.0, 20, 1.0),
}


def composited(plate: Path, numbers: range, take: dict[str, Motion]) -> Iterator[tuple[NDArray[np.uint8], Array, str]]:
    """Frames of the plate with one thing after the other before the face: picture, truth of cover 0–1, the thing.

    The landmarks that the things follow come from the plate's own JSON lines.
    """
    told = [json.loads(line) for line in plate.with_suffix(".jsonl").read_text(encoding="utf-8").splitlines()]
    points = {one["frame"]: np.array(one["landmarks68"], np.float64) for one in told}
    names = list(take)
    block = -(-len(numbers) // len(names))
    skin = None
    for count, frame in enumerate(open_source(str(plate)).frames(list(numbers))):
        name = names[count // block]
        picture = frame.image / 255
        own = points[frame.number]
        if skin is None:
            x, y = own[30].astype(int)
            skin = np.median(picture[y - 6 : y + 7, x - 6 : x + 7].reshape(-1, 3), axis=0) / 0.95
        scene = Scene(picture.shape[0], skin, own, max(float(np.linalg.norm(own[45] - own[36])), picture.shape[0] / 7))
        layers = [THINGS[name](scene, count % block + moment, take[name]) for moment in SHUTTER]
        alpha = np.mean([one[1] for one in layers], axis=0)
        colour = np.mean([one[0] * one[1][..., None] for one in layers], axis=0)
        cast = cv2.warpAffine(cv2.GaussianBlur(alpha, (0, 0), 5), np.array([[1.0, 0, 7], [0, 1, 9]]), alpha.shape)
        behind = picture * (1 - 0.35 * cast * (1 - alpha))[..., None]
        yield np.round((behind * (1 - alpha[..., None]) + colour).clip(0, 1) * 255).astype(np.uint8), alpha, name
