"""Outlines of things that come before a face: alpha pictures H×W float32 in 0–1, drawn at random.

They need not look like anything in particular. What matters is that they differ: thick and thin, from the border or
floating, straight and bent, one and many, so that a network learns "in front of the face" and not one kind of object.
"""

from collections.abc import Callable
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

Alpha = NDArray[np.float32]
Random = np.random.Generator
_POINTS = 12  # of a curve
_BITS = 4  # of sub-pixel precision in OpenCV's drawing


def _fixed(points: NDArray[np.float64]) -> NDArray[np.int32]:
    return np.round(points * (1 << _BITS)).astype(np.int32)


def _unit(canvas: NDArray[np.uint8]) -> Alpha:
    return np.asarray(canvas / 255, np.float32)


def _curve(start: NDArray[np.float64], middle: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points of a quadratic Bézier curve, _POINTS×2."""
    t = np.linspace(0, 1, _POINTS)[:, None]
    curve: NDArray[np.float64] = (1 - t) ** 2 * start + 2 * t * (1 - t) * middle + t**2 * end
    return curve


def _stroke(canvas: NDArray[np.uint8], points: NDArray[np.float64], widths: NDArray[np.float64]) -> None:
    """A line with round ends whose width (pixels, one a point) changes along it."""
    places, thick = _fixed(points).tolist(), np.maximum(1, np.round(widths)).astype(int).tolist()
    for (a, b), width in zip(pairwise(places), thick[1:], strict=True):
        cv2.line(canvas, a, b, 255, width, cv2.LINE_AA, _BITS)
    for place, width in ((places[0], widths[0]), (places[-1], widths[-1])):
        cv2.circle(canvas, place, int(width * (1 << (_BITS - 1))), 255, -1, cv2.LINE_AA, _BITS)


def _direction(angle: float) -> NDArray[np.float64]:
    return np.array([np.cos(angle), np.sin(angle)])


def _place(size: int, random: Random, spread: float = 0.28) -> NDArray[np.float64]:
    return (0.5 + random.uniform(-spread, spread, 2)) * size


def limb(size: int, random: Random) -> Alpha:
    """A palm with up to five fingers on an arm that comes from outside: hands, paws, claws, brushes."""
    canvas = np.zeros((size, size), np.uint8)
    palm, angle = _place(size, random), random.uniform(0, 2 * np.pi)
    width = random.uniform(0.1, 0.28) * size
    arm = palm - _direction(angle) * 1.5 * size
    bend = (palm + arm) / 2 + random.normal(0, 0.1, 2) * size
    _stroke(canvas, _curve(palm, bend, arm), np.full(_POINTS, width * random.uniform(0.5, 1.0)))
    axes = (int(width * random.uniform(0.5, 0.8)), int(width * random.uniform(0.45, 0.7)))
    cv2.ellipse(canvas, (int(palm[0]), int(palm[1])), axes, np.degrees(angle), 0, 360, 255, -1, cv2.LINE_AA)
    count = int(random.integers(0, 6))
    for finger in range(count):
        turn = angle + (finger - (count - 1) / 2) * random.uniform(0.15, 0.4) + random.normal(0, 0.1)
        length, thick = random.uniform(0.5, 1.6) * width, width * random.uniform(0.18, 0.38)
        side = _direction(angle + np.pi / 2) * (finger - (count - 1) / 2) * width / max(count, 1)
        root = palm + side + _direction(angle) * width * 0.25
        tip = root + _direction(turn) * length
        bent = (root + tip) / 2 + random.normal(0, 0.12, 2) * length
        _stroke(canvas, _curve(root, bent, tip), np.linspace(thick, thick * random.uniform(0.6, 1), _POINTS))
    return _unit(canvas)


def rod(size: int, random: Random) -> Alpha:
    """A straight or bent rod, often with a round or square head: microphones, cups on straws, pens, straps."""
    canvas = np.zeros((size, size), np.uint8)
    head, angle = _place(size, random, 0.35), random.uniform(0, 2 * np.pi)
    end = head + _direction(angle) * 1.5 * size
    bend = (head + end) / 2 + random.normal(0, random.choice([0.01, 0.2]), 2) * size
    if random.random() < 0.3:  # it goes through
        head = head - _direction(angle) * 1.5 * size
    _stroke(canvas, _curve(head, bend, end), np.full(_POINTS, random.uniform(0.015, 0.12) * size))
    kind, radius = random.random(), random.uniform(0.04, 0.2) * size
    if kind < 0.5:
        axes = (int(radius * random.uniform(0.8, 1.8)) + 1, int(radius) + 1)
        cv2.ellipse(canvas, (int(head[0]), int(head[1])), axes, np.degrees(angle), 0, 360, 255, -1, cv2.LINE_AA)
    elif kind < 0.75:
        box = cv2.boxPoints(((float(head[0]), float(head[1])), (radius * 2, radius * 3), float(np.degrees(angle))))
        cv2.fillConvexPoly(canvas, _fixed(np.asarray(box, np.float64)), 255, cv2.LINE_AA, _BITS)
    return _unit(canvas)


def strands(size: int, random: Random) -> Alpha:
    """One to many thin curves side by side: hair, strings, grass, wires, glasses' arms."""
    canvas = np.zeros((size, size), np.uint8)
    angle = random.uniform(0, 2 * np.pi)
    through = _place(size, random, 0.4)
    swing = random.normal(0, 0.3, 2) * size
    reach = random.uniform(0.3, 1.2) * size
    bundle = random.uniform(0.005, 0.1) * size
    for _ in range(int(random.integers(1, 40))):
        middle = through + random.normal(0, bundle, 2)
        start = middle - _direction(angle + random.normal(0, 0.06)) * reach
        end = middle + _direction(angle + random.normal(0, 0.06)) * reach + swing
        curve = _curve(start, middle, end)
        thick = max(1.0, random.uniform(0.004, 0.02) * size)
        _stroke(canvas, curve, np.linspace(thick, max(1.0, thick * random.uniform(0.3, 1)), _POINTS))
    return _unit(canvas) * np.float32(random.uniform(0.7, 1))


def blob(size: int, random: Random) -> Alpha:
    """A smooth random shape, sometimes of several pieces or with holes."""
    nodes = int(random.integers(3, 9))
    noise = cv2.resize(random.random((nodes, nodes)).astype(np.float32), (size, size), interpolation=cv2.INTER_CUBIC)
    rows, columns = np.mgrid[0:size, 0:size]
    centre, spread = _place(size, random, 0.45), random.uniform(0.15, 0.45) * size
    near = np.exp(-((columns - centre[0]) ** 2 + (rows - centre[1]) ** 2) / (2 * spread**2))
    height = noise * 0.8 + near.astype(np.float32)
    level = float(np.quantile(height, random.uniform(0.72, 0.95)))
    slope = max(float(np.abs(np.gradient(height)[0]).mean()) * random.uniform(0.7, 1.5), 1e-4)
    return np.asarray(np.clip((height - level) / slope + 0.5, 0, 1), np.float32)


def polygon(size: int, random: Random) -> Alpha:
    """A polygon with straight edges, or the half of the picture beyond a line: signs, papers, door frames."""
    canvas = np.zeros((size, size), np.uint8)
    if random.random() < 0.4:
        angle = random.uniform(0, 2 * np.pi)
        start = (0.5 + random.uniform(0.1, 0.45) * _direction(angle)) * size
        along, out = _direction(angle + np.pi / 2) * 2 * size, _direction(angle) * 2 * size
        corners = np.array([start - along, start + along, start + along + out, start - along + out])
    else:
        angles = np.sort(random.uniform(0, 2 * np.pi, int(random.integers(3, 7))))
        radii = random.uniform(0.06, 0.3, len(angles)) * size
        corners = _place(size, random, 0.4) + np.stack([np.cos(angles), np.sin(angles)], 1) * radii[:, None]
    cv2.fillPoly(canvas, [_fixed(corners)], 255, cv2.LINE_AA, _BITS)
    return _unit(canvas)


def rims(size: int, random: Random) -> Alpha:
    """Two rings or filled rounds on a bar, about where eyes are: glasses, goggles, masks over the eyes."""
    canvas = np.zeros((size, size), np.uint8)
    tilt, middle = random.normal(0, 0.12), np.array([0.5, 0.43]) * size + random.normal(0, 0.04, 2) * size
    apart, radius = random.uniform(0.13, 0.2) * size, random.uniform(0.07, 0.13) * size
    along = _direction(tilt)
    thick = max(1, round(random.uniform(0.01, 0.035) * size))
    filled = random.random() < 0.35
    squash = random.uniform(0.6, 1.0)
    for side in (-1, 1):
        eye = middle + along * apart * side
        axes, place = (int(radius), int(radius * squash)), (int(eye[0]), int(eye[1]))
        cv2.ellipse(canvas, place, axes, np.degrees(tilt), 0, 360, 255, -1 if filled else thick, cv2.LINE_AA)
        arm = np.stack([eye + along * radius * side, eye + along * size * side])
        _stroke(canvas, arm, np.full(2, float(thick)))
    bridge = np.stack([middle - along * (apart - radius), middle + along * (apart - radius)])
    _stroke(canvas, bridge, np.full(2, float(thick)))
    return _unit(canvas)


SHAPES: tuple[Callable[[int, Random], Alpha], ...] = (limb, limb, rod, strands, blob, polygon, rims)
