"""Moments: an expression, a pose, a light and a camera, which several people are rendered in.

The same moment of two people is a perfect swap of one by the other.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

HDRIS = ("city", "courtyard", "forest", "interior", "night", "studio", "sunrise", "sunset")
# How far beyond make_clip's performances: most shapes may come alone, on both sides or on one
BOTH_SIDES = (
    *("browDown", "browInnerUp", "browOuterUp", "cheekPuff", "cheekSquint", "eyeSquint", "eyeWide", "mouthDimple"),
    *("mouthFrown", "mouthLowerDown", "mouthPress", "mouthSmile", "mouthStretch", "mouthUpperUp", "noseSneer"),
)
MIDDLE = (
    *("jawForward", "jawLeft", "jawOpen", "jawRight", "mouthFunnel", "mouthLeft", "mouthPucker", "mouthRight"),
    *("mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper"),
)
STRENGTH = {"jawOpen": 0.8, "jawLeft": 0.5, "jawRight": 0.5, "mouthLeft": 0.6, "mouthRight": 0.6, "cheekPuff": 0.6}
TURNED = 0.4  # part of the moments that are seen from further round
VIEW = 27.0  # what the picture shows at the face, in the actors' centimetres


@dataclass(frozen=True)
class Moment:
    """Angles in degrees; aim: the camera's target beside the face's middle, in centimetres."""

    number: int
    expression: dict[str, float]
    yaw: float
    pitch: float
    roll: float
    hdri: str
    env_turn: float
    env_strength: float
    key_azimuth: float
    key_elevation: float
    key_energy: float
    key_size: float
    key_colour: tuple[float, float, float]
    distance: float
    lens: float
    azimuth: float
    height: float
    aim: tuple[float, float]


def make_moment(number: int, seed: int = 1) -> Moment:
    """The moment of a number; its head looks at the camera or, most often up to 30° and at most 55°, past it."""
    chance = np.random.default_rng((seed, 1, number))
    warmth = chance.normal(0, 0.18)
    distance = float(np.exp(chance.uniform(math.log(45), math.log(140))))
    return Moment(
        number=number,
        expression=_expression(chance),
        yaw=_angle(chance, 20, 55),
        pitch=_angle(chance, 9, 25),
        roll=_angle(chance, 5, 15),
        hdri=str(chance.choice(HDRIS)),
        env_turn=float(chance.uniform(0, 360)),
        env_strength=float(chance.uniform(0.35, 1.1)),
        key_azimuth=float(chance.uniform(-95, 95)),
        key_elevation=float(chance.uniform(-5, 65)),
        key_energy=float(np.exp(chance.uniform(math.log(5000), math.log(36000)))),
        key_size=float(chance.uniform(12, 70)),
        key_colour=(min(1, math.exp(warmth)), 1 - 0.1 * abs(float(warmth)), min(1, math.exp(-warmth))),
        distance=distance,
        lens=36 * distance / VIEW / float(chance.uniform(0.96, 1.06)),
        azimuth=float(chance.normal(0, 4)),
        height=float(chance.normal(0.5, 3) * distance / 85),
        aim=(float(chance.normal(0, 0.4)), float(chance.normal(0, 0.4))),
    )


def turned(moment: Moment, seed: int = 1) -> Moment:
    """The moment seen from further round, for four of ten up to beyond the profile; the others as they are.

    The neck takes a part of the turn and the camera the rest, with its lamp half of that.
    """
    chance = np.random.default_rng((seed, 2, moment.number))
    view, part = float(chance.choice((-1, 1)) * chance.uniform(25, 98)), float(chance.uniform(0.1, 0.9))
    if chance.random() >= TURNED:
        return moment
    yaw = float(np.clip(view * part, -65, 65))
    azimuth = yaw - view
    return replace(moment, yaw=yaw, azimuth=azimuth, key_azimuth=moment.key_azimuth + azimuth / 2)


def _angle(chance: np.random.Generator, usual: float, largest: float) -> float:
    """Most near the front, some anywhere."""
    angle = chance.uniform(-largest, largest) if chance.random() < 0.3 else chance.normal(0, usual)
    return float(np.clip(angle, -largest, largest))


def _expression(chance: np.random.Generator) -> dict[str, float]:
    """Speech and moods as in a performance in most moments; a few shapes of any kind on top, or alone."""
    shapes: dict[str, float] = {}
    kind = chance.random()
    if kind < 0.75:
        _add_mood(shapes, chance)
    few = int(chance.integers(0, 4)) if kind < 0.75 else int(chance.integers(1, 6))
    for name in chance.choice((*BOTH_SIDES, *MIDDLE), few, replace=False):
        size = float(chance.uniform(0.2, 1)) * STRENGTH.get(str(name), 0.9)
        if name in MIDDLE:
            _add(shapes, str(name), size)
            continue
        left, right = (size, size) if chance.random() < 0.55 else (size, size * float(chance.uniform(0, 0.5)))
        if chance.random() < 0.5:
            left, right = right, left
        _add(shapes, f"{name}_L", left)
        _add(shapes, f"{name}_R", right)
    _add_eyes(shapes, chance)
    return {name: round(min(size, 1.0), 4) for name, size in shapes.items() if size > 0.01}


def _add_mood(shapes: dict[str, float], chance: np.random.Generator) -> None:
    talk = max(0.0, float(chance.uniform(-0.4, 0.75)))
    smile = max(0.0, float(chance.uniform(-0.8, 0.9)))
    brow = float(chance.uniform(-1, 1))
    sizes = {
        "mouthSmile": smile,
        "cheekSquint": 0.6 * smile,
        "eyeSquint": 0.35 * smile,
        "browInnerUp": 0.8 * max(0.0, brow),
        "browOuterUp": 0.7 * max(0.0, brow),
        "browDown": 0.7 * max(0.0, -brow),
        "mouthFrown": 0.6 * max(0.0, float(chance.uniform(-1.5, 1))),
    }
    _add(shapes, "jawOpen", talk)
    _add(shapes, "mouthFunnel", max(0.0, float(chance.uniform(-0.4, 0.5))))
    for name, size in sizes.items():
        lean = float(chance.normal(0, 0.15))
        _add(shapes, f"{name}_L", size * (1 + lean))
        _add(shapes, f"{name}_R", size * (1 - lean))


def _add_eyes(shapes: dict[str, float], chance: np.random.Generator) -> None:
    """Gaze, and lids that are open, closed, or somewhere between; a wink now and then."""
    across, up = float(chance.normal(0, 0.3)), float(chance.normal(0, 0.25))
    outward, inward = ("L", "R") if across > 0 else ("R", "L")
    _add(shapes, f"eyeLookOut_{outward}", min(abs(across), 0.8))
    _add(shapes, f"eyeLookIn_{inward}", min(abs(across), 0.8))
    for side in "LR":
        _add(shapes, f"eyeLook{'Up' if up > 0 else 'Down'}_{side}", min(abs(up), 0.7))
    lids = chance.random()
    if lids < 0.28:
        closed = 1.0 if lids < 0.12 else float(chance.uniform(0.1, 1))
        wink = chance.random()
        _add(shapes, "eyeBlink_L", closed if wink > 0.1 else 0.0)
        _add(shapes, "eyeBlink_R", closed if wink < 0.9 else 0.0)


def _add(shapes: dict[str, float], name: str, size: float) -> None:
    shapes[name] = shapes.get(name, 0.0) + size
